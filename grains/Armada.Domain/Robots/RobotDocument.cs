using System.Collections.Immutable;

namespace Armada.Domain.Robots;

/// <summary>The device that is a robot's master; a lease on top of it lives only while its frames come.</summary>
/// <param name="Device">Device name.</param>
public sealed record MasterBinding(string Device);

/// <summary>A device that executes a robot's commands.</summary>
/// <param name="Device">Device name; also the slave's name.</param>
public sealed record SlaveBinding(string Device);

/// <summary>All of a robot that survives a restart. Samples and leases do not.</summary>
/// <param name="Id">Robot id.</param>
/// <param name="Model">Model with this robot's limits.</param>
/// <param name="Master">Bound master, or null.</param>
/// <param name="Slaves">Bound slaves.</param>
/// <param name="Epoch">Last epoch used; never goes back.</param>
/// <param name="Stopped">Whether the robot's own stop is latched.</param>
/// <param name="Version">Raised at every change; for If-Match later.</param>
public sealed record RobotDocument(
    string Id,
    RobotModel Model,
    MasterBinding? Master,
    ImmutableArray<SlaveBinding> Slaves,
    uint Epoch,
    bool Stopped,
    long Version);
