using Armada.Silo.Identities.Broker;
using Armada.Silo.Store;

namespace Armada.Silo.Identities.Registry;

/// <summary>Opens the registry, then the broker, and renews the list of revoked certificates and the broker's own certificate.</summary>
internal sealed partial class IdentityHost(OwnRegistry registry, SupervisedBroker broker, TimeProvider time, ILogger<IdentityHost> logger)
    : IHostedService, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(6);

    private readonly CancellationTokenSource ending = new();
    private Task running = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await registry.OpenAsync(cancellationToken); // The broker does not start without the list of revoked certificates.
        await broker.StartAsync(cancellationToken);
        running = RenewAsync();
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await ending.CancelAsync();
        await running;
        await broker.StopAsync();
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

    [LoggerMessage(1724, LogLevel.Error, "The broker's list of revoked certificates could not be renewed and is retried in 6 hours; once it is 30 days old the broker refuses every device: {Reason}")]
    private partial void LogNotRenewed(string reason);
}
