using Armada.Silo.Telemetry;

namespace Armada.Silo.Engine;

/// <summary>One timer that lets time pass: every 50 ms for all robots, every 10 ms for those that move by themselves.</summary>
internal sealed partial class TickLoop(
    HostedRobots robots, IDeviceControl control, SiloClock clock, SiloTelemetry telemetry, ILogger<TickLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);
    private const int WholeEvery = 5;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock.Time);
        try
        {
            for (var beat = 0; await timer.WaitForNextTickAsync(stoppingToken); beat = (beat + 1) % WholeEvery)
            {
                if (beat == 0)
                    TickAll();
                else
                    TickDriving();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogEnded();
        }
    }

    private void TickDriving()
    {
        foreach (var cell in robots.Cells)
        {
            if (cell.IsDriving)
                Tick(cell.Tick, cell.Id);
        }
    }

    private void TickAll()
    {
        foreach (var cell in robots.Cells)
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
