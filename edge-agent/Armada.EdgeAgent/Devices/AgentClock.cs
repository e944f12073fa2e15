using Armada.Core.Time;

namespace Armada.EdgeAgent.Devices;

/// <summary>The time of what the arms do: the machine's at the agent's start, and what has passed since by its monotonic clock. A machine's clock
/// that is set meanwhile moves no time of capture.</summary>
internal sealed class AgentClock(TimeProvider machine) : TimeProvider
{
    private readonly DateTimeOffset began = machine.GetUtcNow();
    private readonly long beganAt = machine.GetTimestamp();

    public override TimeZoneInfo LocalTimeZone => machine.LocalTimeZone;

    public override long TimestampFrequency => machine.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => began + machine.GetElapsedTime(beganAt);

    public override long GetTimestamp() => machine.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        machine.CreateTimer(callback, state, dueTime, period);
}

internal static class AgentTime
{
    public static Timestamp Now(this TimeProvider time)
    {
        var stamp = time.GetTimestamp();
        var whole = Math.DivRem(stamp, time.TimestampFrequency, out var rest);
        var monotonic = (whole * Microseconds.PerSecond) + (rest * Microseconds.PerSecond / time.TimestampFrequency);
        return new Timestamp(monotonic, (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
    }
}
