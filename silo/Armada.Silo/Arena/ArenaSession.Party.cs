using System.Threading.Channels;
using Armada.Core.Arena;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Silo.Sockets;

namespace Armada.Silo.Arena;

/// <summary>What the robot tells: taken inside its turn, told to the client outside.</summary>
internal sealed partial class ArenaSession
{
    private readonly Channel<bool> bell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock telling = new();
    private Happened happened;
    private string[] told = [];

    /// <inheritdoc/>
    public void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions) => outbox.PutCommand(positions);

    /// <inheritdoc/>
    public void OnNote(Effect.Note note)
    {
        lock (leasing)
        {
            var isOwn = note.Subject == Name && (held is not null || isAttaching);
            lock (telling)
            {
                happened.Anything = true;
                if (note.Event == RobotEvent.MasterLive && note.Subject != Name)
                    happened.Began = note.Subject;
                else if (isOwn && note.Event == RobotEvent.MasterLost)
                    happened.Lost = held;
                else if (isOwn && note.Event is RobotEvent.MasterReplaced or RobotEvent.MasterUnbound)
                    happened.Ended = EndLease(note.By);
            }
        }

        bell.Writer.TryWrite(true);
    }

    /// <inheritdoc/>
    public void OnGone(string reason)
    {
        lock (telling)
            (happened.Gone, happened.Anything) = (reason, true);
        bell.Writer.TryWrite(true);
    }

    /// <summary>Another client says where its joints are.</summary>
    public void OnSlaveStatus(string slave, ArenaReading[] readings) => outbox.PutStatus(slave, readings);

    /// <summary>Another client is in trouble.</summary>
    public void OnSlaveError(string slave, ArenaMessage.Error error) => voice.Error(error.Code ?? "slave", error.Message, slave);

    private async Task WatchAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await bell.Reader.ReadAsync(cancellation);
            Happened seen;
            lock (telling)
                (seen, happened) = (happened, default);
            if (seen.Anything)
                await TellAsync(seen);
        }
    }

    private async Task TellAsync(Happened seen)
    {
        if (seen.Gone is { } gone)
        {
            parts.Sequences.Forget(robot);
            voice.Error("robot_unknown", gone);
            socket.Close(SocketClose.RobotUnknown, gone);
            return;
        }

        var snapshot = await parts.Engine.GetAsync(robot, CancellationToken.None);
        if (seen.Ended is { } ended)
            voice.Error(ended.Code, ended.Text);
        else if (seen.Lost is { } epoch)
            await LoseAsync(epoch, $"{Name} was silent for too long and no longer commands {robot}");
        if (snapshot is not null)
        {
            Face(snapshot);
            await TellSequenceAsync(snapshot, seen.Began);
            voice.Status(snapshot, Name);
        }

        if (seen.Ended is not null)
            socket.Close(SocketClose.TakenOver, seen.Ended.Value.Text);
    }

    // Called with the lease locked. Whoever ended it did so on purpose: this client commands no more before it connects again.
    private (string Code, string Text) EndLease(string? by)
    {
        endedBy = by is null ? $"{Name} was detached from {robot}" : $"{by} took over {robot} from {Name}";
        held = null;
        return (by is null ? "detached" : "taken_over", endedBy);
    }

    // Whoever sent the motion knows it.
    private async ValueTask TellSequenceAsync(RobotSnapshot snapshot, string? began)
    {
        if (began is null || began == played || snapshot.Master is not { Kind: MasterKind.Sequence } master || master.Name != began)
            return;
        var model = snapshot.Document.Model;
        var names = told;
        if (await parts.Sequences.FindAsync(robot, began, joint => model.Find(joint) is var at and >= 0 ? names[at] : joint) is { } content)
            voice.Sequence(content);
    }

    /// <summary>Calls the joints as this client knows them: by its binding's names, or by those of the family it chose.</summary>
    private void Face(RobotSnapshot snapshot)
    {
        var own = snapshot.Document.Slaves.FirstOrDefault(slave => slave.Name == Name);
        var names = WireNames.Of(snapshot.Document.Model, own?.Tunes ?? [], query.Canonical);
        if (names.AsSpan().SequenceEqual(told))
            return;
        told = names;
        outbox.Name(names);
        voice.Name(names);
    }

    /// <summary>What the client has not been told yet; of several things of a kind the last.</summary>
    private struct Happened
    {
        public bool Anything;
        public string? Gone;
        public (string Code, string Text)? Ended;
        public uint? Lost;
        public string? Began;
    }
}
