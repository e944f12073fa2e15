using Armada.Silo.Identities.Broker;
using Armada.Silo.Store;

namespace Armada.Silo.Identities.Registry;

/// <summary>Opens the registry, then the broker, and keeps the list of revoked certificates and the broker's own certificate fresh.</summary>
internal sealed partial class IdentityHost(OwnRegistry registry, SupervisedBroker broker, TimeProvider time, ILogger<IdentityHost> logger)
    : IHostedService, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(6);

    private readonly CancellationTokenSource ending = new();
    private Task running = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await registry.OpenAsync(cancellationToken); // The broker does not start without a list of what is revoked.
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
        try
        {
            while (await timer.WaitForNextTickAsync(ending.Token))
            {
                try
                {
                    await registry.RenewAsync(ending.Token);
                }
                catch (NotStoredException refused)
                {
                    LogNotRenewed(refused.Message);
                }
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return;
        }
    }

    [LoggerMessage(1724, LogLevel.Error, "The broker's list of revoked certificates could not be renewed; once its 30 days are over nobody comes in: {Reason}")]
    private partial void LogNotRenewed(string reason);
}
