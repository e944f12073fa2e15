using System.Collections.Immutable;

namespace Armada.Core.Robots;

/// <summary>All of a robot that survives a restart. Samples and leases do not.</summary>
/// <param name="Id">Robot id.</param>
/// <param name="Model">Model with this robot's limits.</param>
/// <param name="Master">Bound master, or null. One that is no device does not survive a load.</param>
/// <param name="Slaves">Bound slaves.</param>
/// <param name="Epoch">Last epoch used; never goes back.</param>
/// <param name="Stopped">Whether the robot's own stop is latched.</param>
/// <param name="Version">Raised at every change.</param>
/// <param name="Room">The room it was made as, or null.</param>
public sealed record RobotDocument(
    string Id,
    RobotModel Model,
    MasterBinding? Master,
    ImmutableArray<SlaveBinding> Slaves,
    uint Epoch,
    bool Stopped,
    long Version,
    RoomName? Room = null);
