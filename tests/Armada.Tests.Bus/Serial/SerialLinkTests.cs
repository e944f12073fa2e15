using System.Globalization;
using System.Runtime.Versioning;
using Armada.Devices.Serial;
using Armada.Devices.Serial.Posix;
using Armada.Devices.ServoBus;

namespace Armada.Tests.Bus.Serial;

[SupportedOSPlatform("linux")]
[Trait("Category", "Timed")]
public sealed class PosixSerialLinkTests : SerialLinkConformance
{
    protected override ISerialPorts Ports { get; } = SerialPorts.Create();

    [Fact]
    public void It_is_the_platforms_own() => Assert.IsType<PosixSerialPorts>(Ports);

    [Fact]
    public void A_waiting_read_burns_no_processor_time()
    {
        using var link = Open();
        var burnt = ThreadProcessorTime();
        Assert.Equal(0, link.Read(new byte[8], TimeSpan.FromMilliseconds(300), default));
        Assert.InRange(ThreadProcessorTime() - burnt, TimeSpan.Zero, TimeSpan.FromMilliseconds(30));
    }

    [Fact]
    public async Task A_servo_bus_over_a_real_port_allocates_nothing()
    {
        using var link = Open();
        var servos = Task.Factory.StartNew(AnswerUntilHangUp, TaskCreationOptions.LongRunning);
        Assert.Equal((true, 0L), SyncReads(new FeetechBus(link, BusTiming.Default with { SyncAllowance = Long, AnswerAllowance = Long })));
        link.Dispose();
        await servos.WaitAsync(Long);
    }

    private static TimeSpan ThreadProcessorTime()
    {
        var nanoseconds = File.ReadAllText("/proc/thread-self/schedstat").Split(' ')[0];
        return TimeSpan.FromMicroseconds(long.Parse(nanoseconds, CultureInfo.InvariantCulture) / 1000.0);
    }
}

[SupportedOSPlatform("linux")]
[Trait("Category", "Timed")]
public sealed class SystemSerialLinkTests : SerialLinkConformance
{
    protected override ISerialPorts Ports { get; } = SerialPorts.Create(system: true);

    [Fact]
    public void It_is_chosen_on_request() => Assert.IsType<SystemSerialPorts>(Ports);

    [Fact]
    public void A_read_times_out_far_below_the_30_ms_of_a_synchronous_one()
    {
        using var link = Open();
        var best = Enumerable.Range(0, 20).Min(_ =>
        {
            var begun = TimeProvider.System.GetTimestamp();
            Assert.Equal(0, link.Read(new byte[8], TimeSpan.FromMilliseconds(5), default));
            return TimeProvider.System.GetElapsedTime(begun);
        });
        Assert.InRange(best, TimeSpan.FromMilliseconds(4), TimeSpan.FromMilliseconds(20));
    }
}
