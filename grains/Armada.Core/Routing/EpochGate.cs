namespace Armada.Core.Routing;

/// <summary>The fence in front of whatever executes commands: an older epoch never passes, a newer one is adopted.</summary>
public sealed class EpochGate
{
    private readonly SequenceGate sequence = new();

    /// <summary>The newest epoch seen; 0 before any.</summary>
    public uint Epoch { get; private set; }

    /// <summary>Commands that were skipped since this gate was made.</summary>
    public long Lost => sequence.Lost;

    /// <summary>Takes an epoch, told or seen; a newer one begins a new sequence. False for an older one.</summary>
    public bool TryAdopt(uint epoch)
    {
        if (epoch < Epoch)
            return false;
        if (epoch > Epoch)
            sequence.Reset();
        Epoch = epoch;
        return true;
    }

    /// <summary>Accepted, or StaleEpoch or OutOfOrder.</summary>
    public FrameResult Pass(in SampleStamp stamp) =>
        !TryAdopt(stamp.Epoch) ? FrameResult.StaleEpoch
        : sequence.TryPass(stamp.Sequence) ? FrameResult.Accepted
        : FrameResult.OutOfOrder;
}
