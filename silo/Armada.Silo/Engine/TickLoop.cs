using Armada.Silo.Telemetry;

namespace Armada.Silo.Engine;

/// <summary>One timer that lets time pass for all robots.</summary>
internal sealed partial class TickLoop(
    InProcessEngine engine, IDeviceControl control, SiloClock clock, SiloTelemetry telemetry, ILogger<TickLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                TickAll();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogEnded();
        }
    }

    private void TickAll()
    {
        foreach (var cell in engine.Cells)
            Tick(cell.Tick, cell.Id);
        Tick(control.Tick, "control");
    }

    private void Tick(Action tick, string whose)
    {
        try
        {
            tick();
        }
        catch (Exception fault)
        {
            telemetry.CountFault();
            LogFault(fault, whose);
        }
    }
}
