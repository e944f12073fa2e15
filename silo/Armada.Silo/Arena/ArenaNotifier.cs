using System.Buffers;
using Armada.Core.Arena;
using Armada.Core.Time;
using Armada.Grains.Robots;
using Armada.Silo.Sockets;

namespace Armada.Silo.Arena;

/// <summary>Sends what must reach the client. The same error is sent at most once a second.</summary>
internal sealed class ArenaNotifier(string robot, JsonSocket socket, SiloClock clock) : IDisposable
{
    private readonly Lock sync = new();
    private readonly ArrayBufferWriter<byte> buffer = new();
    private ArenaWriter writer = new(robot, []);
    private (string Code, string Message) lastError;
    private Timestamp? lastErrorAt;

    public void SetJoints(IEnumerable<string> joints)
    {
        lock (sync)
        {
            writer.Dispose();
            writer = new ArenaWriter(robot, joints);
        }
    }

    public void SendRefusal(Refusal refusal) => SendError(CodeOf(refusal), refusal.Text);

    public void SendError(string code, string message, string? slave = null)
    {
        var now = clock.Now();
        lock (sync)
        {
            if (lastError == (code, message) && lastErrorAt is { } at && !now.IsPast(at, TimeSpan.FromSeconds(1)))
                return;
            (lastError, lastErrorAt) = ((code, message), now);
            writer.WriteError(buffer, now.Unix, code, message, slave);
            Flush();
        }
    }

    public void SendAcknowledgement(bool accepted, string? reason)
    {
        lock (sync)
        {
            writer.WriteCommandAck(buffer, clock.Now().Unix, accepted, reason);
            Flush();
        }
    }

    public void SendHeartbeatAck()
    {
        lock (sync)
        {
            writer.WriteHeartbeatAck(buffer, clock.Now().Unix);
            Flush();
        }
    }

    public void SendJointStates(RobotSnapshot snapshot)
    {
        var joints = snapshot.Document.Model.Joints;
        var states = new ArenaJointState[joints.Length];
        for (var joint = 0; joint < states.Length; joint++)
        {
            var state = snapshot.Joints[joint];
            states[joint] = new ArenaJointState(
                joints[joint].ServoId ?? joint + 1,
                joints[joint].Motion == JointMotion.Continuous,
                state.Virtual ?? state.Real ?? joints[joint].Rest,
                state.Real);
        }

        lock (sync)
        {
            if (writer.Joints != states.Length)
                return; // The robot has just got other joints, which follow.
            writer.WriteJointStates(buffer, clock.Now().Unix, states);
            Flush();
        }
    }

    public void SendStatus(RobotSnapshot snapshot, string client)
    {
        var status = new ArenaStatus(
            snapshot.Master is { State: MasterState.Live },
            snapshot.Master?.Name,
            snapshot.Master is { Kind: MasterKind.Remote } master && master.Name == client,
            snapshot.Stopped,
            snapshot.Slaves.Length + snapshot.UnboundSlaves.Length);
        lock (sync)
        {
            writer.WriteStatus(buffer, clock.Now().Unix, status);
            Flush();
        }
    }

    public void SendSequence(ArenaSequence sequence)
    {
        lock (sync)
        {
            writer.WriteSequence(buffer, clock.Now().Unix, sequence);
            Flush();
        }
    }

    public void Dispose()
    {
        lock (sync)
            writer.Dispose();
    }

    private static string CodeOf(Refusal refusal) => Problem.Of(refusal.Reason).Name.Replace('-', '_');

    private void Flush()
    {
        socket.Send(buffer.WrittenSpan);
        buffer.ResetWrittenCount();
    }
}

/// <summary>What is sent to a client newest-only: the robot's command, and the joint states of each slave.</summary>
internal sealed class ArenaSamples(string robot, SiloClock clock) : ISampleSource, IDisposable
{
    private const int MaxQueuedSlaves = 64; // A slave beyond these is sent with its next report.

    private readonly Lock sync = new();
    private readonly double[] positions = new double[ArenaReader.MaxJoints];
    private readonly Dictionary<string, ArenaReading[]> statuses = new(StringComparer.Ordinal);
    private ArenaWriter writer = new(robot, []);
    private bool isCommandDue;

    public Action SampleReady { get; set; } = () => { };

    public void SetJoints(IEnumerable<string> joints)
    {
        lock (sync)
        {
            writer.Dispose();
            writer = new ArenaWriter(robot, joints);
            isCommandDue = false;
        }
    }

    public void SetCommand(ReadOnlySpan<double> command)
    {
        lock (sync)
        {
            if (command.Length != writer.Joints)
                return;
            command.CopyTo(positions);
            isCommandDue = true;
        }

        SampleReady();
    }

    public void SetStatus(string slave, ArenaReading[] readings)
    {
        lock (sync)
        {
            if (statuses.Count < MaxQueuedSlaves || statuses.ContainsKey(slave))
                statuses[slave] = readings;
        }

        SampleReady();
    }

    public void DropCommand()
    {
        lock (sync)
            isCommandDue = false;
    }

    public bool TryWrite(IBufferWriter<byte> message)
    {
        var at = clock.Now().Unix;
        lock (sync)
        {
            if (statuses.Count + (isCommandDue ? 1 : 0) > 1)
                SampleReady(); // One message at a time: the rest is sent with the next call.
            if (isCommandDue)
            {
                isCommandDue = false;
                return writer.TryWriteCommand(message, at, positions.AsSpan(0, writer.Joints)) || TryWriteStatus(message, at);
            }

            return TryWriteStatus(message, at);
        }
    }

    public void Dispose()
    {
        lock (sync)
            writer.Dispose();
    }

    private bool TryWriteStatus(IBufferWriter<byte> message, long at)
    {
        foreach (var (slave, readings) in statuses)
        {
            writer.WriteSlaveStatus(message, at, slave, readings);
            statuses.Remove(slave);
            return true;
        }

        return false;
    }
}
