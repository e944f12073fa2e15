namespace Armada.Core.Arena;

/// <summary>A message of Arena's WebSocket protocol. Its lists have 1 to <see cref="ArenaReader.MaxJoints"/> joints, each named once.</summary>
public abstract record ArenaMessage
{
    private ArenaMessage()
    {
    }

    public string? RobotId { get; init; }

    public string? SlaveId { get; init; }

    public sealed record Command(ImmutableArray<ArenaGoal> Joints, TimeSpan? Duration) : ArenaMessage;

    public sealed record Sequence(ArenaSequence Content) : ArenaMessage;

    public sealed record SlaveStatus(ImmutableArray<ArenaReading> Joints) : ArenaMessage;

    /// <summary>The answer to a <see cref="StatusRequest"/>.</summary>
    public sealed record JointStates(ImmutableArray<ArenaReading> Joints) : ArenaMessage;

    public sealed record StatusRequest : ArenaMessage;

    /// <param name="Accepted">True where the sender does not say.</param>
    /// <param name="Reason">Why not, or null.</param>
    public sealed record CommandAck(bool Accepted, string? Reason) : ArenaMessage;

    public sealed record Heartbeat : ArenaMessage;

    public sealed record HeartbeatAck : ArenaMessage;

    /// <summary>The state of the robot, in any form.</summary>
    public sealed record Status : ArenaMessage;

    /// <param name="Code">For programs, or null.</param>
    /// <param name="Message">For people; may be empty.</param>
    public sealed record Error(string? Code, string Message) : ArenaMessage;
}

/// <param name="Name">1 to <see cref="ArenaReader.MaxNameLength"/> characters.</param>
/// <param name="Value">Target position, finite, joint units.</param>
/// <param name="Speed">Units per second, above 0; or null.</param>
public readonly record struct ArenaGoal(string Name, double Value, double? Speed = null);

/// <param name="Name">1 to <see cref="ArenaReader.MaxNameLength"/> characters.</param>
/// <param name="Virtual">Position in the sender's model, joint units; or null.</param>
/// <param name="Real">Position of the hardware, joint units; or null.</param>
public readonly record struct ArenaReading(string Name, double? Virtual, double? Real);

/// <summary>One joint in the answer to a status request; positions in joint units.</summary>
public readonly record struct ArenaJointState(int ServoId, bool Continuous, double Virtual, double? Real);

/// <summary>A motion as it stands in a message, not yet checked against a robot.</summary>
/// <param name="Id">May be empty.</param>
/// <param name="Name">May be empty.</param>
/// <param name="Commands">1 to <see cref="ArenaReader.MaxCommands"/>.</param>
public sealed record ArenaSequence(
    string Id, string Name, ImmutableArray<ArenaSequenceCommand> Commands, bool Loop, TimeSpan? TotalDuration);

/// <param name="At">Time since the beginning of the motion.</param>
public sealed record ArenaSequenceCommand(TimeSpan At, ImmutableArray<ArenaGoal> Joints, TimeSpan? Duration);

/// <summary>The state of a robot as a client is told it.</summary>
/// <param name="MasterConnected">Whether a master holds a live lease.</param>
/// <param name="IsMaster">Whether the client itself is the master.</param>
/// <param name="Stopped">Whether any stop is latched.</param>
/// <param name="Slaves">Number of slaves, bound and unbound.</param>
public readonly record struct ArenaStatus(bool MasterConnected, string? Master, bool IsMaster, bool Stopped, int Slaves);
