using System.Text.Json;
using Armada.Core.Rooms;

namespace Armada.Silo.Rooms;

/// <summary>What POST …/rooms asks for.</summary>
/// <param name="RoomId">The room's id, or null for a new one.</param>
/// <param name="MaxConsumers">Most consumers it may have.</param>
internal sealed record NewRoom(string? RoomId, int MaxConsumers);

/// <summary>The bodies of RobotHub's requests.</summary>
internal static class RoomBodies
{
    /// <summary>Most consumers of a room unless its maker says otherwise.</summary>
    public const int UsualConsumers = 10;

    /// <summary>Most consumers that a room may be given.</summary>
    public const int MostConsumers = 100;

    private const int MostJoints = 20;
    private const double LargestValue = 360; // RobotHub's bound, whatever the unit; the robot's own limits are narrower.

    /// <summary>Reads the body of POST …/rooms, which may be missing.</summary>
    public static NewRoom? ReadNewRoom(ReadOnlyMemory<byte> utf8, RoomFaults faults)
    {
        var usual = new NewRoom(null, UsualConsumers);
        return utf8.IsEmpty ? usual : faults.Read(
            utf8, root => root.ValueKind == JsonValueKind.Null ? usual : Take(new RoomFields(root, faults, "body"), faults));
    }

    /// <summary>Reads the body of POST …/command.</summary>
    public static IReadOnlyList<RoomJoint>? ReadCommand(ReadOnlyMemory<byte> utf8, RoomFaults faults) => faults.Read(utf8, root =>
    {
        var joints = new RoomFields(root, faults, "body").List("joints", MostJoints);
        return joints.Select((item, index) => Take(new RoomFields(item, faults, "body", "joints", index))).ToArray();
    });

    private static NewRoom Take(RoomFields body, RoomFaults faults)
    {
        var id = body.Text("room_id");
        if (id is { Length: > 0 })
            faults.Id(id, "body", "room_id");
        body.Text("workspace_id");
        body.Text("name");
        if (body.Text("robot_type") is not (null or "so-arm100" or "generic"))
            body.Add("robot_type", "enum", "Input should be 'so-arm100' or 'generic'");
        var most = body.Number("max_consumers", 1, MostConsumers, whole: true);
        return new NewRoom(id is { Length: > 0 } ? id : null, (int)(most ?? UsualConsumers));
    }

    private static RoomJoint Take(RoomFields joint) => new(
        joint.Text("name", needed: true, RoomReader.LongestJointName) ?? "",
        joint.Number("value", -LargestValue, LargestValue, needed: true) ?? 0,
        joint.Number("speed", 0, RoomReader.HighestSpeed));
}
