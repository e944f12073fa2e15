using System.Collections.Concurrent;
using Armada.Core.Robots;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Armada.Grains.Robots;

/// <summary>The robots that run in this process.</summary>
public sealed class HostedRobots(RobotServices services)
{
    private readonly ConcurrentDictionary<RobotRuntime, byte> runtimes = new();

    /// <summary>Every robot here.</summary>
    public IEnumerable<RobotRuntime> All => runtimes.Select(entry => entry.Key);

    /// <summary>How many there are.</summary>
    public int Count => runtimes.Count;

    /// <summary>Starts a robot.</summary>
    /// <param name="document">The robot as it is stored.</param>
    /// <param name="isFleetStopped">Whether the fleet's stop is latched.</param>
    /// <param name="storage">Where its changes go.</param>
    public RobotRuntime Start(RobotDocument document, bool isFleetStopped, IRobotStorage storage)
    {
        var robot = new RobotRuntime(document, isFleetStopped, storage, services) { OnClosed = closed => runtimes.TryRemove(closed, out _) };
        runtimes[robot] = 0;
        return robot;
    }

    /// <summary>Ends every robot after what is queued.</summary>
    public Task CloseAsync() => Task.WhenAll(All.Select(robot => robot.DisposeAsync().AsTask()));
}

/// <summary>Lets time pass: every 50 ms for all robots, every 10 ms for those that move by themselves.</summary>
public sealed partial class TickLoop(HostedRobots robots, RobotServices services, ILogger<TickLoop> logger) : BackgroundService
{
    private const int AllEvery = 5;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, services.Clock.Time);
        try
        {
            for (var number = 0; await timer.WaitForNextTickAsync(stoppingToken); number = (number + 1) % AllEvery)
            {
                foreach (var robot in robots.All)
                {
                    if (number == 0 || robot.IsDriving)
                        Tick(robot.Tick, robot.Id);
                }

                if (number == 0)
                    Tick(services.Control.Tick, "control");
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogEnded();
        }
    }

    private void Tick(Action tick, string owner)
    {
        try
        {
            tick();
        }
        catch (Exception fault)
        {
            services.Telemetry.CountFault();
            LogFault(fault, owner);
        }
    }

    [LoggerMessage(1120, LogLevel.Error, "{Owner}: a tick failed; a robot is rebuilt from what is stored")]
    private partial void LogFault(Exception fault, string owner);

    [LoggerMessage(1121, LogLevel.Debug, "Ticks ended")]
    private partial void LogEnded();
}
