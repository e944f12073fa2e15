using Armada.Core.Time;
using Armada.EdgeAgent.Devices;

namespace Armada.EdgeAgent.Leader;

/// <summary>Whether a leader streams, with which epoch and how fast. Told by one thread at a time, read by the bus's.</summary>
internal sealed class LeaderStream : IStream
{
    private sealed record Grant(uint Epoch, double? RateHz, bool IsRunning);

    private volatile Grant grant = new(0, null, false);

    /// <inheritdoc/>
    public uint Told => grant.Epoch;

    /// <summary>What to stamp on a state: the epoch while it streams, else 0.</summary>
    public uint Stamp => grant is { IsRunning: true } running ? running.Epoch : 0;

    /// <summary>Most states per second that were asked for; null for every tick.</summary>
    public double? RateHz => grant.RateHz;

    /// <inheritdoc/>
    public bool IsBusy(in Timestamp now) => grant.IsRunning;

    /// <inheritdoc/>
    public bool TryStart(uint epoch, double? rateHz) => TryChange(new Grant(epoch, rateHz, IsRunning: true));

    /// <inheritdoc/>
    public bool TryStop(uint epoch) => TryChange(new Grant(epoch, null, IsRunning: false));

    private bool TryChange(Grant next)
    {
        if (next.Epoch < grant.Epoch)
            return false;
        grant = next;
        return true;
    }
}
