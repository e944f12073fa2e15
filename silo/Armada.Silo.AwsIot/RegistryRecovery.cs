using Armada.Core.Devices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Armada.Silo.AwsIot;

/// <summary>Completes, once after the start, what calls began that an earlier life of a silo did not end.</summary>
internal sealed partial class RegistryRecovery(AwsDeviceRegistry registry, TimeProvider time, ILogger<RegistryRecovery> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        try
        {
            while (!await IsDoneAsync(stoppingToken))
                await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task<bool> IsDoneAsync(CancellationToken cancellation)
    {
        try
        {
            await registry.RecoverAsync(cancellation);
            return true;
        }
        catch (RegistryFailedException fault)
        {
            LogNotRecovered(fault.Message);
            return false;
        }
    }

    [LoggerMessage(2203, LogLevel.Warning, "What earlier calls at AWS IoT Core began is not completed yet; it is tried again in a minute: {Words}")]
    private partial void LogNotRecovered(string text);
}
