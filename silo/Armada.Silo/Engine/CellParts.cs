using Armada.Domain.Robots;
using Armada.Silo.Access;
using Armada.Silo.Store;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Engine;

/// <summary>What every cell of a silo shares.</summary>
internal sealed record CellParts(
    DocumentStore Store,
    DeviceRoutes Routes,
    FleetLatch Fleet,
    IDeviceControl Control,
    Outlets Outlets,
    SiloClock Clock,
    SiloTelemetry Telemetry,
    IAuditTrail Audit,
    RobotTiming Timing,
    ILogger<RobotCell> Logger,
    IRemoteSlaves? Remotes = null);

/// <summary>The fleet's stop as it stands now, for robots that are made or made anew.</summary>
internal sealed class FleetLatch
{
    private volatile bool stopped;

    /// <summary>Whether the fleet's stop is latched.</summary>
    public bool Stopped
    {
        get => stopped;
        set => stopped = value;
    }
}
