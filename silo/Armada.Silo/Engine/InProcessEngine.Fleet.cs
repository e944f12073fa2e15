using Armada.Core.Robots;
using Armada.Silo.Store;

namespace Armada.Silo.Engine;

/// <summary>The fleet's stop. It reaches every robot before anything is written; a release is written before any robot has it.</summary>
internal sealed partial class InProcessEngine
{
    /// <inheritdoc/>
    public async ValueTask<Refusal?> SetFleetStopAsync(bool stopped, CancellationToken cancellation)
    {
        using var activity = Begin(stopped ? "fleet-stop" : "fleet-reset", "*");
        return stopped ? await StopFleetAsync() : await ResetFleetAsync(cancellation);
    }

    /// <inheritdoc/>
    public ValueTask<bool> IsFleetStoppedAsync(CancellationToken cancellation) => new(isFleetStopped);

    private async Task<Refusal?> StopFleetAsync()
    {
        await TellAllAsync(stopped: true);
        using var gate = await latching.EnterAsync(CancellationToken.None);
        await TellAllAsync(stopped: true); // A release that was under way may have passed the stop; what was asked for last stands.
        LogFleetStop();
        try
        {
            await store.SaveFleetAsync(stopped: true, CancellationToken.None);
            return null;
        }
        catch (NotStoredException failed)
        {
            return new Refusal(
                RefusalReason.NotStored, $"the fleet's stop is in force, but a restart of the silo would forget it: {failed.Message}");
        }
    }

    private async Task<Refusal?> ResetFleetAsync(CancellationToken cancellation)
    {
        using var gate = await latching.EnterAsync(cancellation);
        try
        {
            await store.SaveFleetAsync(stopped: false, CancellationToken.None);
        }
        catch (NotStoredException failed)
        {
            return NotStored(failed.Message);
        }

        await TellAllAsync(stopped: false);
        LogFleetReset();
        return null;
    }

    private async Task TellAllAsync(bool stopped)
    {
        isFleetStopped = stopped;
        var request = new RobotRequest.FleetStop(stopped);
        await Task.WhenAll(Cells.Select(cell => cell.AskAsync(request, CancellationToken.None)));
    }
}
