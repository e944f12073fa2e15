using Armada.Core.Time;

namespace Armada.Core.Routing;

/// <summary>Fences whatever executes commands: an older epoch never passes, a newer one is adopted.</summary>
public sealed class EpochGate
{
    private readonly SequenceGate sequence = new();

    /// <summary>The newest epoch seen; 0 before any.</summary>
    public uint Epoch { get; private set; }

    /// <summary>Commands that were skipped since this gate was made.</summary>
    public long Lost => sequence.Lost;

    /// <summary>Takes an announced or observed epoch; a newer one begins a new sequence. False for an older one.</summary>
    public bool TryAdopt(uint epoch)
    {
        if (epoch < Epoch)
            return false;
        if (epoch > Epoch)
            sequence.Reset();
        Epoch = epoch;
        return true;
    }

    /// <summary>Accepted, or StaleEpoch, Duplicate or OutOfOrder.</summary>
    public FrameResult Pass(in SampleStamp stamp) =>
        TryAdopt(stamp.Epoch) ? sequence.Pass(stamp.Sequence) : FrameResult.StaleEpoch;
}

public static class Epochs
{
    // 2025-01-01T00:00:00Z
    private const long StartUnixSeconds = 1_735_689_600;

    /// <summary>
    /// The epoch after <paramref name="last"/>: one more, but at least the seconds since 2025-01-01 UTC, so that a robot made
    /// anew, or a device that comes from another robot, starts above every epoch used before.
    /// </summary>
    /// <exception cref="OverflowException">Every epoch is used up; by the clock that is in the year 2161.</exception>
    public static uint Next(uint last, in Timestamp now)
    {
        var seconds = Math.Clamp(now.Unix / Microseconds.PerSecond - StartUnixSeconds, 1, uint.MaxValue);
        return Math.Max(checked(last + 1), (uint)seconds);
    }
}
