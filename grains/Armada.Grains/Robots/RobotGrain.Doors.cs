using System.Collections.Immutable;
using Armada.Core.Engine;

namespace Armada.Grains.Robots;

/// <summary>Who is connected to the robot at the doors of the cluster's silos.</summary>
public sealed partial class RobotGrain
{
    private static readonly TimeSpan DoorSweep = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DoorSilence = TimeSpan.FromSeconds(5); // Five times as long as a door waits before it asks again.

    private readonly Dictionary<string, DoorFeed> doors = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task<DoorReply> EnterAsync(string door, long party, string name)
    {
        if (hosted is null)
            return None();
        if (!doors.TryGetValue(door, out var feed))
            doors[door] = feed = new DoorFeed(time);
        var entered = feed.Add(party, name);
        var reply = await hosted.ConnectAsync(entered, CancellationToken.None);
        if (reply.Refused is not null)
            feed.Remove(entered);
        return Answer(door, reply);
    }

    /// <inheritdoc/>
    public async Task<DoorReply> LeaveAsync(string door, long party, string reason)
    {
        if (hosted is null || !doors.TryGetValue(door, out var feed) || feed.Find(party) is not { } gone)
            return Answer(door, new RobotReply(null, null));
        feed.Remove(gone);
        await hosted.DisconnectAsync(gone, reason);
        return Answer(door, new RobotReply(null, null));
    }

    /// <inheritdoc/>
    public Task<Tellings> ListenAsync(string door, long life, long after) =>
        life == this.life && doors.TryGetValue(door, out var feed) ? feed.TakeAsync(after) : Task.FromResult(Tellings.Unknown);

    private DoorReply Answer(string door, RobotReply reply) => new(reply, ToldOf(door) is { } told ? [told] : []);

    private Told? ToldOf(string door) => doors.TryGetValue(door, out var feed) ? new Told(Id, life, feed.Last) : null;

    private async Task DropSilentDoorsAsync(CancellationToken cancellation)
    {
        foreach (var (door, feed) in doors.Where(entry => entry.Value.IsSilentFor(DoorSilence)).ToArray())
        {
            doors.Remove(door);
            ImmutableArray<IRobotSession> parties = [.. feed.Close()];
            if (parties.IsEmpty || hosted is null)
                continue;
            LogSilentDoor(Id, parties.Length);
            foreach (var party in parties)
                await hosted.DisconnectAsync(party, "its silo fell silent");
        }
    }

    private void CloseDoors()
    {
        foreach (var feed in doors.Values)
            feed.Close();
        doors.Clear();
    }
}
