using System.Collections.Immutable;

namespace Armada.Core.Rooms;

/// <summary>What a participant of a room does, in the words of RobotHub's transport protocol.</summary>
public enum RoomRole : byte
{
    /// <summary>Sends joint updates; a room has one at most.</summary>
    Producer,

    /// <summary>Receives joint updates.</summary>
    Consumer,
}

/// <summary>The first frame of a participant.</summary>
/// <param name="ParticipantId">Its id, unique in the room: 1 to 100 characters, none of them a control character.</param>
/// <param name="Role">What it is to do.</param>
/// <param name="Takeover">A producer takes another's place. Armada's own; absent from RobotHub's clients.</param>
/// <param name="Presence">It wants to be told who joins and leaves. Armada's own; absent from RobotHub's clients.</param>
public sealed record RoomJoin(string ParticipantId, RoomRole Role, bool Takeover = false, bool Presence = false);

/// <summary>One joint of an update.</summary>
/// <param name="Name">Its name, 1 to 50 characters.</param>
/// <param name="Value">Where it is or is to go; finite.</param>
/// <param name="Speed">Percent of its fastest motion, 0 to 100; 0 or null for no bound of its own.</param>
public readonly record struct RoomJoint(string Name, double Value, double? Speed = null);

/// <summary>What a participant says after it has joined.</summary>
public abstract record RoomMessage
{
    private RoomMessage()
    {
    }

    /// <summary>Where joints are to go. Each joint is there once; said twice, the later one stands.</summary>
    /// <param name="Joints">The joints that could be read, in the order they came.</param>
    /// <param name="Problem">What is wrong with those that could not, in words; or null.</param>
    public sealed record JointUpdate(ImmutableArray<RoomJoint> Joints, string? Problem) : RoomMessage;

    /// <summary>A sign of life, to be answered.</summary>
    public sealed record Heartbeat : RoomMessage;

    /// <summary>Stop.</summary>
    /// <param name="Reason">Why, as the sender put it, cut to <see cref="RoomReader.MaxReasonLength"/>; or null.</param>
    public sealed record EmergencyStop(string? Reason) : RoomMessage;

    /// <summary>A type that the protocol names and that asks nothing of a server.</summary>
    public sealed record Unhandled : RoomMessage;

    /// <summary>A type that the protocol does not name.</summary>
    /// <param name="Type">The type, cut to <see cref="RoomReader.MaxReasonLength"/>.</param>
    public sealed record Unknown(string Type) : RoomMessage;
}
