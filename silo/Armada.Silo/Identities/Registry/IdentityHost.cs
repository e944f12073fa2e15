using Armada.Silo.Identities.Broker;
using Armada.Silo.Store;

namespace Armada.Silo.Identities.Registry;

/// <summary>Opens the registry, then the broker, and renews the list of revoked certificates and the broker's own certificate.</summary>
internal sealed partial class IdentityHost(OwnRegistry registry, SupervisedBroker broker, TimeProvider time, ILogger<IdentityHost> logger)
    : PeriodicService(TimeSpan.FromHours(6), time, logger)
{
    private readonly ILogger logger = logger;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await registry.OpenAsync(cancellationToken); // The broker does not start without the list of revoked certificates.
        await broker.StartAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await broker.StopAsync();
    }

    protected override async Task RunOnceAsync(CancellationToken cancellation)
    {
        try
        {
            await registry.RenewAsync(cancellation);
        }
        catch (NotStoredException refused)
        {
            LogNotRenewed(refused.Message);
        }
    }

    [LoggerMessage(1724, LogLevel.Error, "The broker's list of revoked certificates could not be renewed and is retried in 6 hours; once it is 30 days old the broker refuses every device: {Reason}")]
    private partial void LogNotRenewed(string reason);
}
