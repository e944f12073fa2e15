using Armada.Silo.Store;

namespace Armada.Silo.Identities.Registry;

/// <summary>Opens the registry, and renews the list of revoked certificates.</summary>
internal sealed partial class IdentityHost(OwnRegistry registry, TimeProvider time, ILogger<IdentityHost> logger)
    : PeriodicService(TimeSpan.FromHours(6), time, logger)
{
    private readonly ILogger logger = logger;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await registry.OpenAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
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

    [LoggerMessage(1715, LogLevel.Error, "The list of revoked certificates could not be renewed and is retried in 6 hours: {Reason}")]
    private partial void LogNotRenewed(string reason);
}
