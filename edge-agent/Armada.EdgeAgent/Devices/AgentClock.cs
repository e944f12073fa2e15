using Armada.Domain.Time;

namespace Armada.EdgeAgent.Devices;

/// <summary>Both clocks of this machine.</summary>
internal static class AgentClock
{
    /// <summary>Both clocks now.</summary>
    public static Moment Now(this TimeProvider time)
    {
        var stamp = time.GetTimestamp();
        var whole = Math.DivRem(stamp, time.TimestampFrequency, out var rest);
        var monotonic = (whole * Micros.PerSecond) + (rest * Micros.PerSecond / time.TimestampFrequency);
        return new Moment(monotonic, (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
    }
}
