using System.Runtime.Versioning;
using Armada.Devices.Timing;

namespace Armada.Tests.Bus.Timing;

[SupportedOSPlatform("linux")]
public sealed class TickTimerTests
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);

    private static readonly Dictionary<string, Func<TimeSpan, TickTimer>> Kinds = new()
    {
        ["kernel"] = period => new KernelTickTimer(period),
        ["waiting"] = period => new WaitingTickTimer(period),
    };

    public static TheoryData<string> Names => [.. Kinds.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Ticks_stand_at_fixed_times_and_never_come_early(string kind)
    {
        var begun = TimeProvider.System.GetTimestamp();
        using var timer = Kinds[kind](Period);
        var last = 0L;
        while (last < 30)
        {
            var tick = timer.Next(default);
            Assert.True(tick.Number > last, "a tick came twice");
            Assert.True(tick.Late >= TimeSpan.Zero, "a tick came early");
            Assert.True(TimeProvider.System.GetElapsedTime(begun) >= Period * tick.Number, "the timer runs fast");
            last = tick.Number;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Missed_ticks_are_skipped_and_the_first_after_them_is_late(string kind)
    {
        using var timer = Kinds[kind](Period);
        var before = timer.Next(default);
        var begun = TimeProvider.System.GetTimestamp();
        SpinWait.SpinUntil(() => TimeProvider.System.GetElapsedTime(begun) > 3.5 * Period);
        var after = timer.Next(default);
        Assert.True(after.Number >= before.Number + 3, $"tick {after.Number} came after {before.Number} and 35 ms");
        Assert.True(after.IsLate);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Cancellation_wakes_the_wait(string kind)
    {
        using var timer = Kinds[kind](TimeSpan.FromHours(1));
        using var cancel = new CancellationTokenSource();
        var wait = Task.Factory.StartNew(() => timer.Next(cancel.Token), TaskCreationOptions.LongRunning);
        cancel.CancelAfter(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Theory]
    [InlineData(10.0, 1, false)]
    [InlineData(11.9, 1, false)]
    [InlineData(12.1, 1, true)]
    [InlineData(20.0, 2, true)]
    public void A_tick_is_late_after_a_fifth_of_the_period_or_a_skipped_tick(double elapsedMs, long number, bool late)
    {
        var last = 0L;
        Assert.Equal(late, Tick.At(TimeSpan.FromMilliseconds(elapsedMs), Period, number, ref last).IsLate);
        Assert.Equal(number, last);
    }
}
