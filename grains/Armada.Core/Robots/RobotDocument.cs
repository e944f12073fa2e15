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
[GenerateSerializer, Immutable, Alias("armada.robot.document")]
public sealed record RobotDocument(
    [Id(0)] string Id,
    [Id(1)] RobotModel Model,
    [Id(2)] MasterBinding? Master,
    [Id(3)] ImmutableArray<SlaveBinding> Slaves,
    [Id(4)] uint Epoch,
    [Id(5)] bool Stopped,
    [Id(6)] long Version,
    [Id(7)] RoomName? Room = null);
