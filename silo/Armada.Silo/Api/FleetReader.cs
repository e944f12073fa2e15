using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Mqtt;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Api;

/// <summary>From what engine, link and counters know to the fleet as the API shows it.</summary>
internal sealed class FleetReader(IRobotEngine engine, IMqttLink link, SiloTelemetry telemetry)
{
    /// <summary>The fleet now.</summary>
    public async ValueTask<FleetView> ReadAsync(CancellationToken cancellation) =>
        Read(await engine.ListAsync(cancellation), await engine.IsFleetStoppedAsync(cancellation));

    /// <summary>The fleet now, with what the engine has said of it.</summary>
    public FleetView Read(IReadOnlyList<RobotSnapshot> robots, bool stopped) => new(
        stopped,
        robots.Count,
        robots.Count(robot => robot.Master?.State == MasterState.Live),
        link.State == LinkState.Up,
        telemetry.Frames(DeviceRole.Master, FrameResult.Accepted),
        telemetry.Commands,
        telemetry.Drops());
}
