using Armada.Core.Access;
using Armada.Core.Engine;
using Armada.Core.Motions;
using Armada.Grains;
using Armada.Grains.Transport;
using Orleans.Configuration;
using Orleans.Serialization;
using Orleans.Storage;

namespace Armada.Silo.Cluster;

/// <summary>Makes a host a silo of a cluster: membership, storage, and the engine over the grains.</summary>
public static class ClusterHost
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Probe = TimeSpan.FromSeconds(1);

    // Lost after three missed probes: late enough for a busy machine, and soon enough to be commandable again well within ten seconds.
    private const int MissedProbes = 3;

    /// <summary>Adds the silo; what the host's own services need of it starts after it and ends before it.</summary>
    /// <returns>Null, or in one line why the place's certificates cannot be used; nothing was added then.</returns>
    public static string? AddCluster(this IHostApplicationBuilder builder, ClusterPlace place)
    {
        ClusterIdentity? identity = null;
        if (place.Tls is { } tls && ClusterIdentity.TryLoad(tls.Ca, tls.Certificate, tls.Key, isSilo: true, out identity) is { } refused)
            return refused;
        RedisAccess? redis = null;
        if (place.Redis is { } address && RedisAccess.TryMake(address, out redis) is { } unread)
            return unread;
        builder.Services.AddSingleton<Door>();
        builder.Services.AddSingleton<IRobotEngine, OrleansEngine>();
        builder.Services.AddSingleton<IKeyStore, ClusterKeys>();
        builder.Services.AddSingleton<ISequences, ClusterSequences>();
        builder.Services.AddSingleton<ClusterHealth>();
        builder.Services.AddSingleton<IEngineHealth>(provider => provider.GetRequiredService<ClusterHealth>());
        if (redis is not null)
            builder.Services.AddHostedService(_ => redis); // Before the silo, so that a Redis that is not there is said in one line.
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(ids => (ids.ClusterId, ids.ServiceId) = (place.ClusterId, place.ServiceId));
            silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = AnswerWithin);
            silo.Configure<ClusterMembershipOptions>(membership =>
            {
                membership.ProbeTimeout = Probe;
                membership.NumMissedProbesLimit = MissedProbes;
                membership.DefunctSiloExpiration = TimeSpan.FromDays(1);
            });
            // A robot that lives twice for a moment is fenced by its epoch and its document's version, so it need not wait out a lease.
            silo.Configure<GrainDirectoryOptions>(directory => directory.RangeLeaseDuration = TimeSpan.Zero);
            if (identity is not null)
                silo.UseTls(identity);
            silo.AddActivityPropagation();
            silo.AddDistributedGrainDirectory();
            if (redis is not null)
                silo.UseRedis(place, redis);
            else
                silo.UseOneProcess(place);
        });
        builder.Services.AddHostedService<GracefulDrain>();
        builder.Services.AddHostedService<RobotWatch>();
        return null;
    }

    private static void UseRedis(this ISiloBuilder silo, ClusterPlace place, RedisAccess access)
    {
        silo.Configure<EndpointOptions>(endpoints =>
        {
            endpoints.AdvertisedIPAddress = place.Address;
            (endpoints.SiloPort, endpoints.GatewayPort) = (place.SiloPort, place.GatewayPort);
        });
        silo.Services.AddSingleton<IStoreHealth>(access);
        silo.UseRedisClustering(clustering =>
        {
            clustering.ConfigurationOptions = access.Options;
            clustering.CreateMultiplexer = _ => access.ConnectAsync();
        });
        silo.AddRedisGrainStorage(GrainStores.Armada, storage => storage.Configure<Serializer>((redisStorage, serializer) =>
        {
            redisStorage.ConfigurationOptions = access.Options;
            redisStorage.CreateMultiplexer = _ => access.ConnectAsync();
            redisStorage.DeleteStateOnClear = true;
            redisStorage.GrainStorageSerializer = new OrleansGrainStorageSerializer(serializer);
        }));
    }

    private static void UseOneProcess(this ISiloBuilder silo, ClusterPlace place)
    {
        silo.UseLocalhostClustering(place.SiloPort, place.GatewayPort, serviceId: place.ServiceId, clusterId: place.ClusterId);
        silo.AddMemoryGrainStorage(GrainStores.Armada);
        silo.Services.AddSingleton<IStoreHealth, MemoryHealth>();
    }
}
