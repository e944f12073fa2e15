using Armada.Core.Time;

namespace Armada.EdgeAgent.Devices;

/// <summary>Both clocks of this machine.</summary>
internal static class AgentClock
{
    /// <summary>Both clocks now.</summary>
    public static Timestamp Now(this TimeProvider time)
    {
        var stamp = time.GetTimestamp();
        var whole = Math.DivRem(stamp, time.TimestampFrequency, out var rest);
        var monotonic = (whole * Microseconds.PerSecond) + (rest * Microseconds.PerSecond / time.TimestampFrequency);
        return new Timestamp(monotonic, (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
    }
}
