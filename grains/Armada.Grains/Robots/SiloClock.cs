using Armada.Core.Time;

namespace Armada.Grains.Robots;

/// <summary>Reads both clocks of a <see cref="TimeProvider"/> as the robot core wants them.</summary>
public sealed class SiloClock(TimeProvider time)
{
    private readonly double microsPerTick = (double)Microseconds.PerSecond / time.TimestampFrequency;

    /// <summary>Where the readings come from.</summary>
    public TimeProvider Time => time;

    /// <summary>Both clocks now.</summary>
    public Timestamp Now() => new(Monotonic(), (time.GetUtcNow().Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);

    /// <summary>The monotonic clock now, microseconds.</summary>
    public long Monotonic() => (long)(time.GetTimestamp() * microsPerTick);
}
