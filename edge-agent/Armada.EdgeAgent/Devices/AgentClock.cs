using Armada.Core.Time;

namespace Armada.EdgeAgent.Devices;

internal static class AgentClock
{
    public static Timestamp Now(this TimeProvider time)
    {
        var stamp = time.GetTimestamp();
        var whole = Math.DivRem(stamp, time.TimestampFrequency, out var rest);
        var monotonic = (whole * Microseconds.PerSecond) + (rest * Microseconds.PerSecond / time.TimestampFrequency);
        return new Timestamp(monotonic, (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
    }
}
