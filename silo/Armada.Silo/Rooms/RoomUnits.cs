namespace Armada.Silo.Rooms;

/// <summary>What a value in a room means.</summary>
public enum RoomUnits : byte
{
    /// <summary>The joint's own unit: degrees, or percent for a gripper.</summary>
    Joint,

    /// <summary>-100 to 100 over the joint's limits, 0 to 100 for a gripper: what RobotHub's front end speaks.</summary>
    Normalized,
}
