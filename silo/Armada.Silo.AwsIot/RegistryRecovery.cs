using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Armada.Silo.AwsIot;

/// <summary>Completes, once after the start, the calls that were interrupted when a silo ended; repeated each minute until it succeeds.</summary>
internal sealed partial class RegistryRecovery(AwsDeviceRegistry registry, TimeProvider time, ILogger<RegistryRecovery> logger) : BackgroundService
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await registry.RecoverAsync(stoppingToken);
                return;
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotRecovered(fault.Message);
            }

            await Task.Delay(RetryInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(2203, LogLevel.Warning, "Interrupted calls at AWS IoT Core are not completed yet; retried in a minute: {Reason}")]
    private partial void LogNotRecovered(string reason);
}
