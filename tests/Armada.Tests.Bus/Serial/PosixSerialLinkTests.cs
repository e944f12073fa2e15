using System.Globalization;
using System.Runtime.Versioning;
using Armada.Devices.Serial;
using Armada.Devices.Serial.Posix;
using Armada.Devices.ServoBus;

namespace Armada.Tests.Bus.Serial;

[UnsupportedOSPlatform("windows")]
[Trait("Category", "Timed")]
public sealed class PosixSerialLinkTests : SerialLinkConformance
{
    protected override ISerialPorts Ports { get; } = new PosixSerialPorts();

    [Fact]
    public void A_busy_port_says_what_to_do()
    {
        using var link = Open();
        Assert.Equal(
            $"{Pty.Port} is busy: another program has it, stop that one first", Assert.Throws<SerialOpenException>(Open).Message);
    }

    [Fact]
    public void An_open_port_is_raw_and_runs_at_the_speed_asked()
    {
        using var link = Open();
        Assert.Equal((0, Baud), Pty.Line());
    }

    [Fact]
    public void A_missing_port_is_named_with_what_there_is()
    {
        var error = Assert.Throws<SerialOpenException>(() => Ports.Open("/dev/ttyNONE", Baud));
        Assert.Equal(SerialOpenFailure.Missing, error.Failure);
        Assert.Matches("^/dev/ttyNONE does not exist: (no adapter is plugged in|there are /dev/tty)", error.Message);
    }

    [Fact]
    public void A_file_is_no_serial_port()
    {
        var path = Path.GetTempFileName();
        var error = Assert.Throws<SerialOpenException>(() => Ports.Open(path, Baud));
        File.Delete(path);
        Assert.Equal((SerialOpenFailure.Unusable, $"{path} cannot be used: it is not a serial port"), (error.Failure, error.Message));
    }

    [SkippableFact]
    public void A_port_without_permission_says_which_group_helps()
    {
        Skip.If(Environment.IsPrivilegedProcess, "root may open everything");
        File.SetUnixFileMode(Pty.Port, UnixFileMode.None);
        var error = Assert.Throws<SerialOpenException>(Open);
        Assert.Equal(SerialOpenFailure.Denied, error.Failure);
        Assert.Contains("dialout", error.Message, StringComparison.Ordinal);
    }

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
        Assert.Equal((true, 0L), SyncReads(new FeetechBus(link, BusTiming.Default with { SyncAllowance = Long })));
        link.Dispose();
        await servos.WaitAsync(Long);
    }

    private static (bool AllAnswered, long Allocated) SyncReads(FeetechBus bus)
    {
        Span<byte> ids = [1, 2, 3, 4, 5, 6];
        Span<byte> data = stackalloc byte[12];
        Span<ServoAnswer> answers = stackalloc ServoAnswer[6];
        using var running = new CancellationTokenSource();
        var allAnswered = true;
        var before = 0L;
        for (var i = 0; i < 200; i++)
        {
            if (i == 100)
                before = GC.GetAllocatedBytesForCurrentThread();
            allAnswered &= bus.SyncRead(56, 2, ids, data, answers, running.Token) == 6;
            bus.SyncWrite(42, 2, ids, data, running.Token);
            allAnswered &= bus.Read(1, Sts3215.PresentPosition, running.Token).IsOk;
        }

        return (allAnswered, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private void AnswerUntilHangUp()
    {
        var parser = new InstructionParser();
        var input = new byte[256];
        var answer = new byte[ServoFrame.MaxSize];
        try
        {
            while (Pty.Receive(input) is > 0 and var count)
            {
                ReadOnlySpan<byte> rest = input.AsSpan(0, count);
                while (parser.TryRead(ref rest, out var asked))
                {
                    var ids = asked.Instruction == Instruction.SyncRead ? asked.Parameters[2..] : [asked.Id];
                    foreach (var id in asked.Instruction == Instruction.SyncWrite ? [] : ids)
                        Pty.Send(answer.AsSpan(0, ServoFrame.Status(answer, id, ServoErrors.None, [id, 0])));
                }
            }
        }
        catch (IOException)
        {
            // The bus has closed the port: the end.
        }
    }

    private static TimeSpan ThreadProcessorTime()
    {
        var nanoseconds = File.ReadAllText("/proc/thread-self/schedstat").Split(' ')[0];
        return TimeSpan.FromMicroseconds(long.Parse(nanoseconds, CultureInfo.InvariantCulture) / 1000.0);
    }
}
