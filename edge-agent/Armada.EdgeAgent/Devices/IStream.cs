using Armada.Core.Time;

namespace Armada.EdgeAgent.Devices;

/// <summary>What stream-start begins and stream-stop ends: a leader's stream of states, or a follower's taking of commands.</summary>
internal interface IStream
{
    /// <summary>The epoch last told; 0 before any.</summary>
    uint Told { get; }

    /// <summary>Begins it; telling it again changes nothing. False for an epoch older than the newest known.</summary>
    bool TryStart(uint epoch, double? rateHz);

    /// <summary>Ends it. False for an epoch older than the newest known.</summary>
    bool TryStop(uint epoch);

    /// <summary>Whether somebody moves an arm through it now: it is worth not to be cut.</summary>
    bool IsBusy(in Timestamp now);
}
