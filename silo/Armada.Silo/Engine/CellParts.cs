using Armada.Domain.Robots;
using Armada.Silo.Access;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Engine;

/// <summary>What every cell of a silo shares.</summary>
internal sealed record CellParts(
    DeviceRoutes Routes,
    IDeviceControl Control,
    Outlets Outlets,
    SiloClock Clock,
    SiloTelemetry Telemetry,
    IAuditTrail Audit,
    RobotTiming Timing,
    ILogger<RobotCell> Logger,
    IRemoteSlaves? Remotes = null);
