using Armada.Mqtt;

namespace Armada.Silo;

/// <summary>Loops that only cancellation ends: a step that fails is logged, and the next one follows after a back-off.</summary>
internal static partial class SupervisedLoop
{
    private static readonly TimeSpan MinDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(30);

    /// <summary>Repeats a step until canceled; after a fault it waits 250 ms to 30 s, doubling with each fault in a row. Never throws.</summary>
    public static async Task RunAsync(
        string name, Func<CancellationToken, Task> step, TimeProvider time, ILogger logger, CancellationToken cancellation)
    {
        var backOff = new BackOff(MinDelay, MaxDelay, Random.Shared.NextDouble);
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await step(cancellation);
                backOff.Reset();
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                var delay = backOff.Next();
                LogFault(logger, fault, name, delay.TotalSeconds);
                await Task.Delay(delay, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(1900, LogLevel.Error, "{Loop} failed; it continues in {Delay:0.0} s")]
    private static partial void LogFault(ILogger logger, Exception fault, string loop, double delay);
}

/// <summary>A service that does the same work periodically; a run that fails is logged, and the next one follows at its time.</summary>
/// <param name="period">From one run to the next; the first one is due after <paramref name="initialDelay"/>.</param>
/// <param name="initialDelay">Null: one period.</param>
internal abstract class PeriodicService(TimeSpan period, TimeProvider time, ILogger logger, TimeSpan? initialDelay = null) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(initialDelay ?? period, time);
        await SupervisedLoop.RunAsync(
            GetType().Name,
            async cancellation =>
            {
                await timer.WaitForNextTickAsync(cancellation);
                timer.Period = period;
                await RunOnceAsync(cancellation);
            },
            time,
            logger,
            stoppingToken);
    }

    protected abstract Task RunOnceAsync(CancellationToken cancellation);
}
