using Armada.Mqtt;

namespace Armada.EdgeAgent.Hosting;

/// <summary>Keeps loops running: what one throws is logged, and it begins again after a jittered back-off, until it is canceled.</summary>
internal sealed partial class Supervisor(TimeProvider time, ILogger<Supervisor> logger)
{
    private static readonly TimeSpan MinWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    // A loop that ran for so long has recovered.
    private static readonly TimeSpan Recovered = TimeSpan.FromSeconds(30);

    /// <summary>Completes when the loop ends of itself or was canceled; never with a fault.</summary>
    public async Task RunAsync(string name, Func<CancellationToken, Task> loop, CancellationToken cancellation)
    {
        var backOff = new BackOff(MinWait, MaxWait, Random.Shared.NextDouble);
        while (!cancellation.IsCancellationRequested)
        {
            var began = time.GetTimestamp();
            TimeSpan wait;
            try
            {
                await loop(cancellation);
                return;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The top of every loop.
            catch (Exception fault)
#pragma warning restore CA1031
            {
                if (time.GetElapsedTime(began) > Recovered)
                    backOff.Reset();
                wait = backOff.Next();
                LogFault(fault, name, wait.TotalSeconds);
            }

            await Task.Delay(wait, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Does one step of an orderly end; a fault is logged, so that the next step is done too.</summary>
    public async Task CloseAsync(string name, Func<ValueTask> close)
    {
        try
        {
            await close();
        }
#pragma warning disable CA1031 // Every step of the end is done, whatever becomes of the one before.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            LogNotClosed(fault, name);
        }
    }

    [LoggerMessage(3410, LogLevel.Error, "{Loop} failed; it starts again in {Seconds} s")]
    private partial void LogFault(Exception fault, string loop, double seconds);

    [LoggerMessage(3411, LogLevel.Error, "{Thing} could not be closed; the rest is closed all the same")]
    private partial void LogNotClosed(Exception fault, string thing);
}
