using System.Buffers;
using Armada.Core.Arena;
using Armada.Core.Robots;
using Armada.Core.Time;
using Armada.Silo.Api;
using Armada.Silo.Engine;
using Armada.Silo.Sockets;

namespace Armada.Silo.Arena;

/// <summary>What a client is told that must not be lost. The same error is told once a second at most.</summary>
internal sealed class ArenaNotifier(string robot, JsonSocket socket, SiloClock clock) : IDisposable
{
    private readonly Lock sync = new();
    private readonly ArrayBufferWriter<byte> buffer = new();
    private ArenaWriter writer = new(robot, []);
    private (string Code, string Message) lastError;
    private Timestamp? lastErrorAt;

    /// <summary>Calls the joints so from now on.</summary>
    public void Name(IEnumerable<string> joints)
    {
        lock (sync)
        {
            writer.Dispose();
            writer = new ArenaWriter(robot, joints);
        }
    }

    /// <summary>Tells of a refusal, with the name of its problem in the REST API as code.</summary>
    public void Refuse(Refusal refusal) => Error(CodeOf(refusal), refusal.Text);

    /// <summary>Tells what is wrong.</summary>
    /// <param name="code">For programs.</param>
    /// <param name="message">For people.</param>
    /// <param name="slave">The slave that says so, or null for the silo itself.</param>
    public void Error(string code, string message, string? slave = null)
    {
        var now = clock.Now();
        lock (sync)
        {
            if (lastError == (code, message) && lastErrorAt is { } at && !now.IsPast(at, TimeSpan.FromSeconds(1)))
                return;
            (lastError, lastErrorAt) = ((code, message), now);
            writer.WriteError(buffer, now.Unix, code, message, slave);
            Send();
        }
    }

    /// <summary>Tells what became of a command.</summary>
    public void Acknowledge(bool accepted, string? reason)
    {
        lock (sync)
        {
            writer.WriteCommandAck(buffer, clock.Now().Unix, accepted, reason);
            Send();
        }
    }

    /// <summary>Answers a sign of life.</summary>
    public void Heartbeat()
    {
        lock (sync)
        {
            writer.WriteHeartbeatAck(buffer, clock.Now().Unix);
            Send();
        }
    }

    /// <summary>Tells where the joints are.</summary>
    public void JointStates(RobotSnapshot snapshot)
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
                return; // The robot was changed this moment; its new joints follow.
            writer.WriteJointStates(buffer, clock.Now().Unix, states);
            Send();
        }
    }

    /// <summary>Tells how the robot stands.</summary>
    public void Status(RobotSnapshot snapshot, string client)
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
            Send();
        }
    }

    /// <summary>Tells of a motion that begins.</summary>
    public void Sequence(ArenaSequence sequence)
    {
        lock (sync)
        {
            writer.WriteSequence(buffer, clock.Now().Unix, sequence);
            Send();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (sync)
            writer.Dispose();
    }

    private static string CodeOf(Refusal refusal) => Problem.Of(refusal.Reason).Name.Replace('-', '_');

    private void Send()
    {
        socket.Send(buffer.WrittenSpan);
        buffer.ResetWrittenCount();
    }
}

/// <summary>What a client is sent newest only: the robot's command, and what each slave says of its joints.</summary>
internal sealed class ArenaOutbox(string robot, SiloClock clock) : ISampleSource, IDisposable
{
    private const int MostSlaves = 64; // Those whose words wait at once; more wait for their next word.

    private readonly Lock sync = new();
    private readonly double[] positions = new double[ArenaReader.MaxJoints];
    private readonly Dictionary<string, ArenaReading[]> statuses = new(StringComparer.Ordinal);
    private ArenaWriter writer = new(robot, []);
    private bool isCommandDue;

    /// <summary>Rung whenever something waits; set once, before anything does.</summary>
    public Action Ring { get; set; } = () => { };

    /// <summary>Calls the joints so from now on.</summary>
    public void Name(IEnumerable<string> joints)
    {
        lock (sync)
        {
            writer.Dispose();
            writer = new ArenaWriter(robot, joints);
            isCommandDue = false;
        }
    }

    /// <summary>Takes the newest command; one for other joints than the client was told of is dropped.</summary>
    public void PutCommand(ReadOnlySpan<double> command)
    {
        lock (sync)
        {
            if (command.Length != writer.Joints)
                return;
            command.CopyTo(positions);
            isCommandDue = true;
        }

        Ring();
    }

    /// <summary>Takes the newest word of a slave.</summary>
    public void PutStatus(string slave, ArenaReading[] readings)
    {
        lock (sync)
        {
            if (statuses.Count < MostSlaves || statuses.ContainsKey(slave))
                statuses[slave] = readings;
        }

        Ring();
    }

    /// <summary>Forgets what waits: the client does no longer execute.</summary>
    public void DropCommand()
    {
        lock (sync)
            isCommandDue = false;
    }

    /// <inheritdoc/>
    public bool TryWrite(IBufferWriter<byte> message)
    {
        var at = clock.Now().Unix;
        lock (sync)
        {
            if (statuses.Count + (isCommandDue ? 1 : 0) > 1)
                Ring(); // One message a time: the rest is asked for again.
            if (isCommandDue)
            {
                isCommandDue = false;
                return writer.TryWriteCommand(message, at, positions.AsSpan(0, writer.Joints)) || TryWriteStatus(message, at);
            }

            return TryWriteStatus(message, at);
        }
    }

    /// <inheritdoc/>
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
