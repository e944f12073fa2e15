using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.Silo.Engine;

/// <summary>Who is connected to the robot. All of it runs inside the cell's turn.</summary>
internal sealed partial class RobotRuntime
{
    private readonly Dictionary<string, ConnectedSession> parties = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public Task<RobotReply> ConnectAsync(IRobotSession party, CancellationToken cancellation)
    {
        var connected = new ConnectedSession(party, Drop);
        return AskAsync(new WorkItem((_, _) => Enter(connected)), ahead: false, cancellation);
    }

    /// <inheritdoc/>
    public Task DisconnectAsync(IRobotSession party, string reason) => AskAsync(
        new WorkItem((_, now) => Leave(parties.Values.FirstOrDefault(connected => connected.Is(party)), reason, now)),
        ahead: false,
        CancellationToken.None);

    /// <summary>Tells a party whose slave was unbound that it is out.</summary>
    private void Expel(string name) => Post(new WorkItem((_, _) =>
    {
        if (Remove(name) is { } party)
            party.Expel($"{name} was unbound from {Id}");
        return Decision.Nothing;
    }));

    private Decision Enter(ConnectedSession party)
    {
        if (!parties.TryAdd(party.Name, party))
            return Decision.Refuse(RefusalReason.NameTaken, $"{party.Name} is connected to {Id} already; choose another name");
        partiesChanged = true;
        return Decision.Nothing;
    }

    private Decision Leave(ConnectedSession? party, string reason, in Timestamp now)
    {
        if (party is null || parties.GetValueOrDefault(party.Name) != party)
            return Decision.Nothing;
        Remove(party.Name);
        var detached = core.Apply(new RobotRequest.DetachRemote(party.Name), now);
        var left = core.Apply(new RobotRequest.LeaveSlave(party.Name, reason), now);
        return new Decision(null, [.. detached.Effects, .. left.Effects]);
    }

    /// <summary>A party broke its promise never to throw: it goes as if its connection were lost, and the robot goes on.</summary>
    private void Drop(ConnectedSession party, Exception fault)
    {
        LogPartyFault(fault, Id, party.Name);
        parts.Telemetry.CountFault();
        Post(new WorkItem((_, now) =>
        {
            var decision = Leave(party, "failed", now);
            party.Expel($"{party.Name} failed and was disconnected from {Id}");
            return decision;
        }));
    }

    private ConnectedSession? Remove(string name)
    {
        partiesChanged |= parties.Remove(name, out var party);
        return party;
    }

    private void Tell(RobotEvent note)
    {
        foreach (var party in parties.Values)
            party.Tell(note);
    }

    private void TellGone()
    {
        foreach (var party in parties.Values)
            party.Expel($"robot {Id} is gone");
        parties.Clear();
    }
}
