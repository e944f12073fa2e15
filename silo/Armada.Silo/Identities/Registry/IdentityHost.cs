using Armada.Silo.Store;

namespace Armada.Silo.Identities.Registry;

/// <summary>Opens the registry, and renews the list of revoked certificates.</summary>
internal sealed partial class IdentityHost(OwnRegistry registry, TimeProvider time, ILogger<IdentityHost> logger)
    : IHostedService, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(6);

    private readonly CancellationTokenSource ending = new();
    private Task running = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await registry.OpenAsync(cancellationToken);
        running = RenewAsync();
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await ending.CancelAsync();
        await running;
    }

    public void Dispose() => ending.Dispose();

    private async Task RenewAsync()
    {
        using var timer = new PeriodicTimer(Interval, time);
        await SupervisedLoop.RunAsync("Renewing the list of revoked certificates", RenewNextAsync, time, logger, ending.Token);

        async Task RenewNextAsync(CancellationToken cancellation)
        {
            await timer.WaitForNextTickAsync(cancellation);
            try
            {
                await registry.RenewAsync(cancellation);
            }
            catch (NotStoredException refused)
            {
                LogNotRenewed(refused.Message);
            }
        }
    }

    [LoggerMessage(1724, LogLevel.Error, "The list of revoked certificates could not be renewed and is retried in 6 hours: {Reason}")]
    private partial void LogNotRenewed(string reason);
}
