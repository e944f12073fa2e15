using System.Collections.Immutable;

namespace Armada.Core.Arena;

/// <summary>A message of Arena's WebSocket protocol, as it was read.</summary>
public abstract record ArenaMessage
{
    private ArenaMessage()
    {
    }

    /// <summary>The robot that the sender means, or null where it does not say.</summary>
    public string? RobotId { get; init; }

    /// <summary>The slave that the message tells of, or null.</summary>
    public string? SlaveId { get; init; }

    /// <summary>Where the joints are to go.</summary>
    /// <param name="Joints">1 to <see cref="ArenaReader.MaxJoints"/>, each named once.</param>
    /// <param name="Duration">Time to take for it, or null.</param>
    public sealed record Command(ImmutableArray<ArenaGoal> Joints, TimeSpan? Duration) : ArenaMessage;

    /// <summary>A motion to play.</summary>
    public sealed record Sequence(ArenaSequence Content) : ArenaMessage;

    /// <summary>Where the joints of a slave are.</summary>
    /// <param name="Joints">1 to <see cref="ArenaReader.MaxJoints"/>, each named once.</param>
    public sealed record SlaveStatus(ImmutableArray<ArenaReading> Joints) : ArenaMessage;

    /// <summary>The same, as an answer to <see cref="StatusRequest"/>.</summary>
    /// <param name="Joints">1 to <see cref="ArenaReader.MaxJoints"/>, each named once.</param>
    public sealed record JointStates(ImmutableArray<ArenaReading> Joints) : ArenaMessage;

    /// <summary>Asks where the joints are.</summary>
    public sealed record StatusRequest : ArenaMessage;

    /// <summary>What became of a command.</summary>
    /// <param name="Accepted">Whether it is executed; true where the sender does not say.</param>
    /// <param name="Reason">Why not, or null.</param>
    public sealed record CommandAck(bool Accepted, string? Reason) : ArenaMessage;

    /// <summary>The sender lives.</summary>
    public sealed record Heartbeat : ArenaMessage;

    /// <summary>The answer to that.</summary>
    public sealed record HeartbeatAck : ArenaMessage;

    /// <summary>Something about the robot; what is free.</summary>
    public sealed record Status : ArenaMessage;

    /// <summary>Something went wrong at the sender's.</summary>
    /// <param name="Code">For programs, or null.</param>
    /// <param name="Message">For people; empty where the sender does not say.</param>
    public sealed record Error(string? Code, string Message) : ArenaMessage;
}
