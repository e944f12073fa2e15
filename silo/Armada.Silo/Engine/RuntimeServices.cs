using Armada.Core.Robots;
using Armada.Silo.Access;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Engine;

/// <summary>What every cell of a silo shares.</summary>
internal sealed record RuntimeServices(
    DeviceRoutes Routes,
    IDeviceControl Control,
    SlaveSinks SlaveSinks,
    SiloClock Clock,
    SiloTelemetry Telemetry,
    IAuditTrail Audit,
    RobotTiming Timing,
    ILogger<RobotRuntime> Logger,
    IRemoteSlaves? Remotes = null);
