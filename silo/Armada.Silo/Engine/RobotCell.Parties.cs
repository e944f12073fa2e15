using Armada.Domain.Engine;
using Armada.Domain.Robots;
using Armada.Domain.Time;

namespace Armada.Silo.Engine;

/// <summary>Who is connected to the robot. All of it runs inside the cell's turn.</summary>
internal sealed partial class RobotCell
{
    private readonly Dictionary<string, IRobotParty> parties = new(StringComparer.Ordinal);

    /// <summary>Connects a party; refused where its name is taken.</summary>
    public Task<RobotReply> EnterAsync(IRobotParty party, CancellationToken cancellation) =>
        AskAsync(new CellTurn((_, _) => Enter(party)), ahead: false, cancellation);

    /// <summary>Disconnects a party; its lease ends, and as a slave it leaves.</summary>
    public Task LeaveAsync(IRobotParty party, string reason) =>
        AskAsync(new CellTurn((_, now) => Leave(party, reason, now)), ahead: false, CancellationToken.None);

    /// <summary>Tells a party whose slave was unbound that it is out.</summary>
    public void Expel(string name) => Post(new CellTurn((_, _) =>
    {
        if (Remove(name) is { } party)
            party.OnGone($"{name} was unbound from {Id}");
        return Decision.Nothing;
    }));

    private Decision Enter(IRobotParty party)
    {
        if (!parties.TryAdd(party.Name, party))
            return Decision.Refuse(RefusalReason.NameTaken, $"{party.Name} is connected to {Id} already; choose another name");
        partiesChanged = true;
        return Decision.Nothing;
    }

    private Decision Leave(IRobotParty party, string reason, in Moment now)
    {
        if (parties.GetValueOrDefault(party.Name) != party)
            return Decision.Nothing;
        Remove(party.Name);
        var detached = core.Apply(new RobotRequest.DetachRemote(party.Name), now);
        var left = core.Apply(new RobotRequest.LeaveSlave(party.Name, reason), now);
        return new Decision(null, [.. detached.Effects, .. left.Effects]);
    }

    private IRobotParty? Remove(string name)
    {
        partiesChanged |= parties.Remove(name, out var party);
        return party;
    }

    private void Tell(Effect.Note note)
    {
        foreach (var party in parties.Values)
            party.OnNote(note);
    }

    private void TellGone()
    {
        foreach (var party in parties.Values)
            party.OnGone($"robot {Id} is gone");
        parties.Clear();
    }

    /// <summary>After a fault: those that were connected execute again, and a program has lost its lease.</summary>
    private IEnumerable<Effect> Rejoin(RobotDocument before, IEnumerable<SlaveBinding> targets, Moment now)
    {
        if (before.Master is { Kind: not MasterKind.Device } program)
            yield return new Effect.Note(RobotEvent.MasterLost, program.Name);
        foreach (var target in targets.Where(target => !target.IsDevice && parties.ContainsKey(target.Name)))
        {
            foreach (var effect in core.Apply(new RobotRequest.JoinSlave(target.Name), now).Effects)
                yield return effect;
        }
    }
}
