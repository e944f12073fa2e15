using System.Collections.Concurrent;
using Armada.Domain.Engine;
using Armada.Domain.Robots;

namespace Armada.Silo.Engine;

/// <summary>The robots that run in this process, one cell each, whichever engine put them here.</summary>
internal sealed class HostedRobots : IRobotHosting
{
    private readonly CellParts parts;
    private readonly ConcurrentDictionary<RobotCell, byte> cells = new();

    /// <summary>None yet.</summary>
    public HostedRobots(CellParts parts)
    {
        this.parts = parts;
        parts.Telemetry.Observe("armada.silo.robots", "{robot}", "Robots", () => cells.Count);
        parts.Telemetry.Observe(
            "armada.silo.masters.live", "{master}", "Masters whose lease lives", () => Cells.Count(cell => cell.IsMasterLive));
    }

    /// <summary>Every cell.</summary>
    public IEnumerable<RobotCell> Cells => cells.Select(entry => entry.Key);

    /// <inheritdoc/>
    IHostedRobot IRobotHosting.Begin(RobotDocument document, bool isFleetStopped, IRobotStorage storage) =>
        Begin(document, isFleetStopped, storage);

    /// <inheritdoc cref="IRobotHosting.Begin"/>
    public RobotCell Begin(RobotDocument document, bool isFleetStopped, IRobotStorage storage)
    {
        var cell = new RobotCell(document, isFleetStopped, storage, parts) { OnClosed = closed => cells.TryRemove(closed, out _) };
        cells[cell] = 0;
        return cell;
    }

    /// <summary>Ends every cell after the turns that are queued.</summary>
    public Task CloseAsync() => Task.WhenAll(Cells.Select(cell => cell.DisposeAsync().AsTask()));
}
