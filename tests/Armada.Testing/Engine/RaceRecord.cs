using System.Collections.Concurrent;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Xunit;

namespace Armada.Testing.Engine;

/// <summary>
/// What was seen of a race for one robot's master, and whether it was fair: its notes, which are told inside the robot's turns and so in
/// their true order, and every answer any client got.
/// </summary>
public sealed class RaceRecord(string name) : IRobotSession
{
    private readonly ConcurrentQueue<RobotEvent> notes = new();
    private readonly ConcurrentQueue<uint> commanded = new();
    private readonly ConcurrentQueue<RobotSnapshot> snapshots = new();
    private readonly ConcurrentQueue<(uint Epoch, string Name, long Version)> grants = new();
    private readonly ConcurrentQueue<(uint Epoch, string Name)> accepted = new();

    public string Name => name;

    public int Grants => grants.Count;

    public int Accepted => accepted.Count;

    public int Replaced => notes.Count(note => note.Kind == RobotEventKind.MasterReplaced);

    public IReadOnlyCollection<uint> Commanded => commanded;

    /// <summary>Everyone who became master, in this order.</summary>
    public IReadOnlyList<string> Masters => [.. notes.Where(note => note.Kind == RobotEventKind.MasterLive).Select(note => note.Subject)];

    /// <summary>Who is master as far as was told, or null.</summary>
    public string? Holder => notes.LastOrDefault(IsOfMaster) is { Kind: RobotEventKind.MasterLive } live ? live.Subject : null;

    /// <summary>A client asked for the lease; gives the epoch it got, or null where it was refused as it should be.</summary>
    public uint? Asked(string client, RobotReply reply)
    {
        var robot = Seen(reply);
        if (reply.Refused is { } refused)
        {
            Assert.Equal(RefusalReason.MasterHeld, refused.Reason);
            Assert.StartsWith($"{robot.Master!.Name} is master", refused.Text, StringComparison.Ordinal);
            return null;
        }

        Assert.Equal(client, robot.Master!.Name);
        grants.Enqueue((robot.Document.Epoch, client, robot.Document.Version));
        return robot.Document.Epoch;
    }

    /// <summary>A client sent a command; true where it was accepted, false where it was refused as it should be.</summary>
    public bool Commands(string client, uint epoch, RobotReply reply)
    {
        var robot = Seen(reply);
        var holds = robot.Master is { } master && master.Name == client && master.Epoch == epoch;
        if (reply.Refused is { } refused)
        {
            Assert.Equal(RefusalReason.NotMaster, refused.Reason);
            Assert.False(holds, $"{client} holds epoch {epoch} and was refused: {refused.Text}");
            Assert.Contains(robot.Master is null ? "nobody is" : robot.Master.Name, refused.Text, StringComparison.Ordinal);
            return false;
        }

        Assert.True(holds, $"{client} was accepted under epoch {epoch}, while {robot.Master?.Name} holds {robot.Document.Epoch}");
        accepted.Enqueue((epoch, client));
        return true;
    }

    public RobotSnapshot Seen(RobotReply reply)
    {
        snapshots.Enqueue(reply.Robot!);
        return reply.Robot!;
    }

    public void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions) => commanded.Enqueue(stamp.Epoch);

    public void OnEvent(RobotEvent note) => notes.Enqueue(note);

    public void OnGone(string reason)
    {
    }

    /// <summary>Checks all that answers and notes say together, when everything has been seen.</summary>
    public void Check()
    {
        CheckOneHolderAtATime();
        CheckEpochs();
        var holders = grants.ToDictionary(grant => grant.Epoch, grant => grant.Name);
        Assert.All(accepted, command => Assert.Equal(holders[command.Epoch], command.Name));
        foreach (var epoch in snapshots.Where(robot => robot.Master is not null).GroupBy(robot => robot.Master!.Epoch))
            Assert.Equal([holders[epoch.Key]], epoch.Select(robot => robot.Master!.Name).Distinct());
    }

    /// <summary>Checks that nobody became master while another was, and that slaves were never commanded under an older epoch again.</summary>
    public void CheckOneHolderAtATime()
    {
        string? holder = null;
        foreach (var note in notes)
        {
            switch (note.Kind)
            {
                case RobotEventKind.MasterLive:
                    Assert.True(holder is null, $"{note.Subject} became master while {holder} was");
                    holder = note.Subject;
                    break;
                case RobotEventKind.MasterReplaced or RobotEventKind.MasterUnbound or RobotEventKind.MasterLost:
                    Assert.Equal(holder, note.Subject);
                    holder = null;
                    break;
            }
        }

        Assert.Equal(commanded.Order(), commanded);
    }

    private static bool IsOfMaster(RobotEvent note) =>
        note.Kind is RobotEventKind.MasterLive or RobotEventKind.MasterReplaced or RobotEventKind.MasterUnbound or RobotEventKind.MasterLost;

    private void CheckEpochs()
    {
        var inOrder = grants.OrderBy(grant => grant.Version).Select(grant => grant.Epoch).ToArray();
        Assert.Equal(inOrder.Distinct().Order(), inOrder);
        Assert.Subset(inOrder.ToHashSet(), commanded.ToHashSet());
        var seen = snapshots.OrderBy(robot => robot.Document.Version).Select(robot => robot.Document.Epoch).ToArray();
        Assert.Equal(seen.Order(), seen);
    }
}
