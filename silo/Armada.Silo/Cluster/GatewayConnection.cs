using Armada.Grains.Transport;
using Armada.Silo.Mqtt;
using Orleans.Configuration;

namespace Armada.Silo.Cluster;

/// <summary>How a gateway is connected to its cluster: as an Orleans client.</summary>
internal static class GatewayConnection
{
    private static readonly TimeSpan ListRefresh = TimeSpan.FromSeconds(3);

    public static void Connect(this IClientBuilder client, ClusterPlace place, RedisAccess redis, ClusterIdentity? identity)
    {
        client.Configure<ClusterOptions>(ids => (ids.ClusterId, ids.ServiceId) = (place.ClusterId, place.ServiceId));
        client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = ClusterHost.AnswerWithin);
        client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = ListRefresh);
        client.AddActivityPropagation();
        client.AddGatewayCountChangedHandler(services => (_, _) => services.GetService<DeviceRouter>()?.AnnounceAll());
        client.Services.AddSingleton<IClientConnectionRetryFilter, FirstConnection>();
        client.UseRedisClustering(clustering =>
        {
            clustering.ConfigurationOptions = redis.Options;
            clustering.CreateMultiplexer = _ => redis.ConnectAsync();
        });
        if (identity is not null)
        {
            client.Configure<ClientConnectionOptions>(connections =>
                connections.ConfigureConnection(connection => connection.UseClientTls(identity.Tls())));
        }
    }
}

/// <summary>A gateway that starts before its cluster waits for it.</summary>
internal sealed partial class FirstConnection(TimeProvider time, ILogger<FirstConnection> logger) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        LogWaiting(exception.Message);
        await Task.Delay(Pause, time, cancellationToken);
        return true;
    }

    [LoggerMessage(1698, LogLevel.Warning, "No silo of the cluster can be connected to yet, tried again: {Reason}")]
    private partial void LogWaiting(string reason);
}
