using System.Buffers;
using System.Net.WebSockets;
using Armada.Core.Arena;
using Armada.Core.Time;
using Armada.Grains.Robots;
using Armada.Silo.Sockets;

namespace Armada.Silo.Arena;

/// <summary>
/// All that is sent to one client. Messages are queued, the same error at most once a second; the robot's command and the joint states of
/// each slave are sent newest-only. Thread-safe.
/// </summary>
internal sealed class ArenaOutput : ISampleSource, IDisposable
{
    private const int MaxQueuedSlaves = 64; // A slave beyond these is sent with its next report.

    private readonly string robot;
    private readonly SiloClock clock;
    private readonly Lock writing = new(); // Held while JSON is written; never waited for by the robot's thread, which sets commands.
    private readonly Lock sync = new();
    private readonly ArrayBufferWriter<byte> buffer = new();
    private readonly double[] positions = new double[ArenaReader.MaxJoints];
    private readonly double[] outgoing = new double[ArenaReader.MaxJoints];
    private readonly Dictionary<string, ArenaReading[]> statuses = new(StringComparer.Ordinal);
    private ArenaWriter writer;
    private int joints;
    private bool isCommandDue;
    private (string Code, string Message) lastError;
    private Timestamp? lastErrorAt;

    public ArenaOutput(string robot, WebSocket raw, SocketLimits limits, SiloClock clock)
    {
        (this.robot, this.clock) = (robot, clock);
        writer = new ArenaWriter(robot, []);
        Socket = new JsonSocket(raw, this, limits, clock);
    }

    public JsonSocket Socket { get; }

    public void SetJoints(IReadOnlyCollection<string> names)
    {
        lock (writing)
        {
            writer.Dispose();
            writer = new ArenaWriter(robot, names);
            lock (sync)
                (joints, isCommandDue) = (names.Count, false);
        }
    }

    public void SendRefusal(Refusal refusal) => SendError(Problem.Of(refusal.Reason).Name.Replace('-', '_'), refusal.Text);

    public void SendError(string code, string message, string? slave = null)
    {
        var now = clock.Now();
        lock (sync)
        {
            if (lastError == (code, message) && lastErrorAt is { } at && !now.IsPast(at, TimeSpan.FromSeconds(1)))
                return;
            (lastError, lastErrorAt) = ((code, message), now);
        }

        Send((writer, at) => writer.WriteError(buffer, at, code, message, slave));
    }

    public void SendAcknowledgement(bool accepted, string? reason) => Send((writer, at) => writer.WriteCommandAck(buffer, at, accepted, reason));

    public void SendHeartbeatAck() => Send((writer, at) => writer.WriteHeartbeatAck(buffer, at));

    public void SendJointStates(RobotSnapshot snapshot)
    {
        ArenaJointState[] states =
        [
            .. snapshot.Document.Model.Joints.Zip(snapshot.Joints).Select((pair, index) => new ArenaJointState(
                pair.First.ServoId ?? index + 1,
                pair.First.Motion == JointMotion.Continuous,
                pair.Second.Virtual ?? pair.Second.Real ?? pair.First.Rest,
                pair.Second.Real)),
        ];
        Send((writer, at) =>
        {
            if (writer.Joints == states.Length) // Otherwise the robot has just got other joints, which follow.
                writer.WriteJointStates(buffer, at, states);
        });
    }

    public void SendStatus(RobotSnapshot snapshot, string client)
    {
        var status = new ArenaStatus(
            snapshot.Master is { State: MasterState.Live },
            snapshot.Master?.Name,
            snapshot.Master is { Kind: MasterKind.Remote } master && master.Name == client,
            snapshot.Stopped,
            snapshot.Slaves.Length + snapshot.UnboundSlaves.Length);
        Send((writer, at) => writer.WriteStatus(buffer, at, status));
    }

    public void SendSequence(ArenaSequence sequence) => Send((writer, at) => writer.WriteSequence(buffer, at, sequence));

    public void SetCommand(ReadOnlySpan<double> command)
    {
        lock (sync)
        {
            if (command.Length != joints)
                return;
            command.CopyTo(positions);
            isCommandDue = true;
        }

        Socket.NotifySample();
    }

    public void SetStatus(string slave, ArenaReading[] readings)
    {
        lock (sync)
        {
            if (statuses.Count < MaxQueuedSlaves || statuses.ContainsKey(slave))
                statuses[slave] = readings;
        }

        Socket.NotifySample();
    }

    public void DropCommand()
    {
        lock (sync)
            isCommandDue = false;
    }

    public bool TryWrite(IBufferWriter<byte> message)
    {
        var at = clock.Now().Unix;
        lock (writing)
            return (TryTakeCommand(out var command) && writer.TryWriteCommand(message, at, command)) || TryWriteStatus(message, at);
    }

    public void Dispose()
    {
        lock (writing)
            writer.Dispose();
    }

    private void Send(Action<ArenaWriter, long> write)
    {
        lock (writing)
        {
            write(writer, clock.Now().Unix);
            if (buffer.WrittenCount > 0)
                Socket.Send(buffer.WrittenSpan);
            buffer.ResetWrittenCount();
        }
    }

    private bool TryTakeCommand(out ReadOnlySpan<double> command)
    {
        lock (sync)
        {
            if (statuses.Count + (isCommandDue ? 1 : 0) > 1)
                Socket.NotifySample(); // One message at a time: the rest is sent with the next call.
            command = outgoing.AsSpan(0, joints);
            if (!isCommandDue)
                return false;
            isCommandDue = false;
            positions.CopyTo(outgoing, 0);
            return true;
        }
    }

    private bool TryWriteStatus(IBufferWriter<byte> message, long at)
    {
        KeyValuePair<string, ArenaReading[]> status;
        lock (sync)
        {
            if (statuses.Count == 0)
                return false;
            status = statuses.First();
            statuses.Remove(status.Key);
        }

        writer.WriteSlaveStatus(message, at, status.Key, status.Value);
        return true;
    }
}
