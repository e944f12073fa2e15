using System.Collections.Concurrent;
using System.Text;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Silo.Ingress;

namespace Armada.Silo.Engine;

/// <summary>The robots that run in this process, one cell each, whichever engine put them here.</summary>
internal sealed class HostedRobots : IRobotHosting
{
    private readonly RuntimeServices parts;
    private readonly FrameIngress frames;
    private readonly ConcurrentDictionary<RobotRuntime, byte> cells = new();

    /// <summary>None yet.</summary>
    public HostedRobots(RuntimeServices parts, FrameIngress frames)
    {
        (this.parts, this.frames) = (parts, frames);
        parts.Telemetry.Observe("armada.silo.robots", "{robot}", "Robots", () => cells.Count);
        parts.Telemetry.Observe(
            "armada.silo.masters.live", "{master}", "Masters whose lease lives", () => Cells.Count(cell => cell.IsMasterLive));
    }

    /// <summary>Every cell.</summary>
    public IEnumerable<RobotRuntime> Cells => cells.Select(entry => entry.Key);

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Here => [.. Cells.Select(cell => cell.Id)];

    /// <inheritdoc/>
    IHostedRobot IRobotHosting.Begin(RobotDocument document, bool isFleetStopped, IRobotStorage storage) =>
        Begin(document, isFleetStopped, storage);

    /// <inheritdoc cref="IRobotHosting.Begin"/>
    public RobotRuntime Begin(RobotDocument document, bool isFleetStopped, IRobotStorage storage)
    {
        var cell = new RobotRuntime(document, isFleetStopped, storage, parts) { OnClosed = closed => cells.TryRemove(closed, out _) };
        cells[cell] = 0;
        return cell;
    }

    /// <inheritdoc/>
    public bool TakeState(string robot, string device, ReadOnlySpan<byte> states)
    {
        if (parts.Routes.Find(device) is not { } slot || slot.Cell.Id != robot)
            return false;
        frames.Take(Encoding.UTF8.GetBytes(device), states);
        return true;
    }

    /// <summary>Ends every cell after the turns that are queued.</summary>
    public Task CloseAsync() => Task.WhenAll(Cells.Select(cell => cell.DisposeAsync().AsTask()));
}
