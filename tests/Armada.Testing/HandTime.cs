namespace Armada.Testing;

/// <summary>Time that goes on when a test says so; timers that are due then ring before it says more.</summary>
public sealed class HandTime : TimeProvider
{
    private readonly Lock sync = new();
    private readonly List<Timer> timers = [];
    private DateTimeOffset now = new(2025, 7, 1, 10, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How far the wall clock has been set; timers and timestamps know nothing of it.</summary>
    public TimeSpan Set { get; set; }

    public override DateTimeOffset GetUtcNow() => Now() + Set;

    public override long GetTimestamp() => Now().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        lock (sync)
            timers.Add(timer);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        Timer[] all;
        lock (sync)
        {
            now += by;
            all = [.. timers];
        }

        foreach (var timer in all)
            timer.Ring(Now());
    }

    private DateTimeOffset Now()
    {
        lock (sync)
            return now;
    }

    private sealed class Timer(HandTime time, TimerCallback callback, object? state) : ITimer
    {
        private DateTimeOffset? due;
        private TimeSpan every;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time.sync)
                (due, every) = (dueTime < TimeSpan.Zero ? null : time.now + dueTime, period);
            return true;
        }

        public void Ring(DateTimeOffset at)
        {
            lock (time.sync)
            {
                if (due is not { } when || when > at)
                    return;
                due = every > TimeSpan.Zero ? at + every : null;
            }

            callback(state);
        }

        public void Dispose()
        {
            lock (time.sync)
                time.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
