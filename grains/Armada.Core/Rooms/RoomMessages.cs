namespace Armada.Core.Rooms;

/// <summary>As RobotHub's transport protocol names them.</summary>
public enum RoomRole : byte
{
    /// <summary>Sends joint updates; a room has one at most.</summary>
    Producer,

    /// <summary>Receives joint updates.</summary>
    Consumer,
}

/// <summary>The first frame of a participant.</summary>
/// <param name="ParticipantId">Unique in the room: 1 to 100 characters, no control characters.</param>
/// <param name="Takeover">A producer takes another's place. Armada's own; absent from RobotHub's clients.</param>
/// <param name="Presence">It wants to be told who joins and leaves. Armada's own; absent from RobotHub's clients.</param>
public sealed record RoomJoin(string ParticipantId, RoomRole Role, bool Takeover = false, bool Presence = false);

/// <param name="Name">1 to 50 characters.</param>
/// <param name="Value">Present or target position; finite.</param>
/// <param name="Speed">Percent of the maximum velocity, 0 to 100; 0 or null for the limit of the joint.</param>
public readonly record struct RoomJoint(string Name, double Value, double? Speed = null);

/// <summary>A message of a participant that has joined.</summary>
public abstract record RoomMessage
{
    private RoomMessage()
    {
    }

    /// <summary>Joints and their positions. Of a joint that comes twice, the later one counts.</summary>
    /// <param name="Joints">Those that could be read, in the order they came.</param>
    /// <param name="Problem">What is wrong with the others; or null.</param>
    public sealed record JointUpdate(ImmutableArray<RoomJoint> Joints, string? Problem) : RoomMessage;

    public sealed record Heartbeat : RoomMessage;

    /// <param name="Reason">The sender's words, cut to <see cref="RoomReader.MaxReasonLength"/>; or null.</param>
    public sealed record EmergencyStop(string? Reason) : RoomMessage;

    /// <summary>A type of the protocol that asks nothing of a server.</summary>
    public sealed record Unhandled : RoomMessage;

    /// <param name="Type">The type, cut to <see cref="RoomReader.MaxReasonLength"/>.</param>
    public sealed record Unknown(string Type) : RoomMessage;
}
