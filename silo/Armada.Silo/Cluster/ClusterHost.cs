using Armada.Core.Access;
using Armada.Core.Engine;
using Armada.Core.Motions;
using Armada.Grains;
using Armada.Grains.Storage;
using Armada.Grains.Transport;
using Armada.Silo.Access.Keys;
using Armada.Silo.Audit;
using Armada.Silo.Engine;
using Armada.Silo.Mqtt;
using Orleans.Configuration;

namespace Armada.Silo.Cluster;

/// <summary>Makes a host an Orleans silo, a cluster of its own with storage in its data folder or one of several on Redis, or a cluster's gateway.</summary>
public static class ClusterHost
{
    /// <summary>Service id, and cluster id, of a silo that is a cluster of its own.</summary>
    internal const string LocalCluster = "armada";

    private const string DatabaseFile = "armada.db";
    private const int CachedGrains = 50_000; // Many robots; the memory for the default of a million is taken at the start.
    private const int LocalPort = 11111; // Part of the silo's name; nothing listens on it.

    internal static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Probe = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TableRefresh = TimeSpan.FromSeconds(3);

    // Lost after three missed probes: late enough for a busy machine, and soon enough for its robots to be routed elsewhere within four seconds.
    private const int MissedProbes = 3;

    /// <summary>Adds the silo or gateway; hosted services that need it are added after it, so that they start later and stop earlier.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="place">Where it stands among several; null for a cluster of its own.</param>
    /// <param name="folder">Where the embedded storage is, used where there is no Redis.</param>
    /// <returns>Null, or in one line what is wrong with the place; nothing was added then.</returns>
    public static string? AddCluster(this IHostApplicationBuilder builder, ClusterPlace? place, string folder)
    {
        ClusterIdentity? identity = null;
        if (place?.Tls is { } tls && ClusterIdentity.TryLoad(tls.Ca, tls.Certificate, tls.Key, out identity) is { } refused)
            return refused;
        RedisAccess? redis = null;
        if (place is not null && RedisAccess.TryParse(place.Redis, out redis) is { } unread)
            return unread;
        builder.Services.AddSingleton<RobotSubscriptions>();
        builder.Services.AddSingleton<IRobotEngine, OrleansEngine>();
        builder.Services.AddSingleton<ISequences, ClusterSequences>();
        if (redis is not null)
        {
            builder.Services.AddHostedService(_ => redis); // Before the silo, so that a Redis that cannot be reached is reported in one line.
            builder.Services.AddRedisAuditStore(place!.ServiceId, _ => redis.Connection);
        }
        else
        {
            builder.Services.AddSqliteDatabase(DatabaseIn(folder));
            builder.Services.AddSqliteAuditStore();
        }

        builder.Services.AddHostedService(provider => provider.GetRequiredService<AuditTrail>()); // Stops after all that records.
        if (place is { IsGateway: true })
        {
            builder.Services.AddSingleton<IStoreHealth>(redis!);
            builder.Services.AddSingleton<IKeyStore, ClusterKeys>();
            builder.UseOrleansClient(client => client.Connect(place, redis!, identity));
            builder.AddRouter();
            builder.Services.AddHostedSingleton<GatewayHealth>();
            builder.Services.AddSingleton<IEngineHealth>(provider => provider.GetRequiredService<GatewayHealth>());
        }
        else
        {
            builder.AddOneSilo(place, redis, identity);
        }

        builder.Services.AddHostedService(provider => provider.GetRequiredService<RobotSubscriptions>());
        return null;
    }

    /// <summary>The embedded storage of a data folder.</summary>
    internal static SqliteDatabaseOptions DatabaseIn(string folder) => new() { Path = Path.Combine(folder, DatabaseFile) };

    private static void AddOneSilo(this IHostApplicationBuilder builder, ClusterPlace? place, RedisAccess? redis, ClusterIdentity? identity)
    {
        builder.Services.AddSingleton<IKeyStore, StoredKeys>();
        builder.Services.AddSingleton<ClusterHealth>();
        builder.Services.AddSingleton<IEngineHealth>(provider => provider.GetRequiredService<ClusterHealth>());
        builder.UseOrleans(silo =>
        {
            silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = AnswerWithin);
            silo.Configure<GrainDirectoryOptions>(directory => directory.CacheSize = CachedGrains);
            silo.AddActivityPropagation();
            if (place is not null)
                silo.UseRedis(place, redis!, identity);
            else
                silo.UseOneProcess();
        });
        builder.Services.AddSingleton<IFatalErrorHandler, EvictionHandler>();
        if (builder.AddRouter()) // Until the robots have moved.
            builder.Services.AddHostedService<RobotPlacement>();
        builder.Services.AddHostedService<GracefulDrain>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<ClusterHealth>());
        builder.Services.AddHostedService<RobotWatch>();
    }

    // False where devices are connected to an outside broker.
    private static bool AddRouter(this IHostApplicationBuilder builder)
    {
        if (!builder.Services.Any(service => service.ServiceType == typeof(DeviceRouter)))
            return false;
        builder.Services.AddHostedService(provider => provider.GetRequiredService<DeviceRouter>());
        return true;
    }

    private static void UseRedis(this ISiloBuilder silo, ClusterPlace place, RedisAccess redis, ClusterIdentity? identity)
    {
        silo.Configure<ClusterOptions>(ids => (ids.ClusterId, ids.ServiceId) = (place.ClusterId, place.ServiceId));
        silo.Configure<EndpointOptions>(endpoints =>
        {
            endpoints.AdvertisedIPAddress = place.Address;
            (endpoints.SiloPort, endpoints.GatewayPort) = (place.SiloPort, place.GatewayPort);
        });
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            (membership.ProbeTimeout, membership.MaxProbeTimeout) = (Probe, Probe);
            membership.NumMissedProbesLimit = MissedProbes;
            membership.TableRefreshTimeout = TableRefresh;
            membership.DefunctSiloExpiration = TimeSpan.FromDays(1);
        });

        // A robot that lives twice for a moment is fenced by its epoch and its document's version, so it need not wait out a lease.
        silo.Configure<GrainDirectoryOptions>(directory => directory.RangeLeaseDuration = TimeSpan.Zero);
        silo.AddDistributedGrainDirectory();
        silo.Services.AddSingleton<KilledSilos>();
        silo.Services.AddHostedService(provider => provider.GetRequiredService<KilledSilos>());
        silo.Configure<SiloConnectionOptions>(KilledSilos.Watch);
        if (identity is not null)
            silo.UseTls(identity);
        silo.Services.AddSingleton<IStoreHealth>(redis);
        silo.UseRedisClustering(clustering =>
        {
            clustering.ConfigurationOptions = redis.Options;
            clustering.CreateMultiplexer = _ => redis.ConnectAsync();
        });
        silo.AddRedisStateStorage(
            GrainStores.Armada,
            storage =>
            {
                storage.ConfigurationOptions = redis.Options;
                storage.CreateMultiplexer = _ => redis.ConnectAsync();
            },
            _ => redis.Connection);
    }

    private static void UseOneProcess(this ISiloBuilder silo)
    {
        silo.UseLocalhostClustering(LocalPort, gatewayPort: 0, serviceId: LocalCluster, clusterId: LocalCluster);
        NoNetwork.Use(silo.Services);
        silo.AddSqliteGrainStorage(GrainStores.Armada);
        silo.Services.AddSingleton<IStoreHealth, LocalStoreHealth>();
    }
}
