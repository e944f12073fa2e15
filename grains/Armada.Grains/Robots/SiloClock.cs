using Armada.Core.Time;

namespace Armada.Grains.Robots;

/// <summary>Reads both clocks of a <see cref="TimeProvider"/> as the robot core wants them.</summary>
public sealed class SiloClock(TimeProvider time)
{
    private readonly double microsPerTick = (double)Microseconds.PerSecond / time.TimestampFrequency;
    private readonly TimeSpan began = time.GetUtcNow() - DateTimeOffset.UnixEpoch;
    private readonly long beganAt = time.GetTimestamp();

    /// <summary>Where the readings come from.</summary>
    public TimeProvider Time => time;

    /// <summary>Both clocks now.</summary>
    public Timestamp Now() => new(Monotonic(), (time.GetUtcNow().Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);

    /// <summary>Unix microseconds for the capture time of what has none: a wall clock that is set meanwhile changes nothing of it.</summary>
    public long CapturedAt(in Timestamp at) => Microseconds.Of(began) + at.Monotonic - (long)(beganAt * microsPerTick);

    /// <summary>The monotonic clock now, microseconds.</summary>
    public long Monotonic() => (long)(time.GetTimestamp() * microsPerTick);
}
