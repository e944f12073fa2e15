using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Persistence;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;
using StackExchange.Redis;

namespace Armada.Grains.Storage;

public static class StorageHosting
{
    /// <summary>
    /// Adds the database file, opened when the host starts. Call it before UseOrleans and before any hosted service that stores: hosted
    /// services start in the order of their registration and stop in the opposite one.
    /// </summary>
    public static IServiceCollection AddSqliteDatabase(this IServiceCollection services, SqliteDatabaseOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<SqliteDatabase>();
        services.AddHostedService(provider => provider.GetRequiredService<SqliteDatabase>());
        return services;
    }

    /// <summary>
    /// Adds grain storage in the database file (<see cref="AddSqliteDatabase"/>), and an <see cref="IStateQuarantine"/> of the same name.
    /// </summary>
    public static ISiloBuilder AddSqliteGrainStorage(this ISiloBuilder silo, string name)
    {
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.AddGrainStorage(name, (services, _) => new SqliteGrainStorage(
            services.GetRequiredService<SqliteDatabase>(),
            services.ServiceId(),
            new OrleansGrainStorageSerializer(services.GetRequiredService<Serializer>()),
            services.GetRequiredService<IActivatorProvider>()));
        silo.Services.AddKeyedSingleton<IStateQuarantine>(name, (services, _) => new SqliteStateQuarantine(
            services.GetRequiredService<SqliteDatabase>(), services.ServiceId(), services.GetRequiredService<TimeProvider>()));
        return silo;
    }

    /// <summary>Adds the audit log in the database file (<see cref="AddSqliteDatabase"/>).</summary>
    public static IServiceCollection AddSqliteAuditStore(this IServiceCollection services, AuditRetention? retention = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services.AddSingleton<IAuditStore>(provider => new SqliteAuditStore(
            provider.GetRequiredService<SqliteDatabase>(), retention ?? new AuditRetention(), provider.GetRequiredService<TimeProvider>()));
    }

    /// <summary>Adds the audit log in Redis, one for all silos of a service.</summary>
    /// <param name="serviceId">Orleans' service id, the prefix of the keys.</param>
    public static IServiceCollection AddRedisAuditStore(
        this IServiceCollection services,
        string serviceId,
        Func<IServiceProvider, IConnectionMultiplexer> connection,
        AuditRetention? retention = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services.AddSingleton<IAuditStore>(provider => new RedisAuditStore(
            () => connection(provider), serviceId, retention ?? new AuditRetention(), provider.GetRequiredService<TimeProvider>()));
    }

    /// <summary>
    /// Adds Orleans' Redis grain storage so that it behaves as <see cref="AddSqliteGrainStorage"/> does: the same bytes, clearing deletes,
    /// the same exceptions, and an <see cref="IStateQuarantine"/> of the same name.
    /// </summary>
    /// <param name="connection">For the quarantine.</param>
    public static ISiloBuilder AddRedisStateStorage(
        this ISiloBuilder silo, string name, Action<RedisStorageOptions> options, Func<IServiceProvider, IConnectionMultiplexer> connection)
    {
        var provider = name + "/redis";
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.AddRedisGrainStorage(provider, storage => storage.Configure<Serializer>((redis, serializer) =>
        {
            options(redis);
            redis.DeleteStateOnClear = true;
            redis.GrainStorageSerializer = new RedisStateStorage.Serializer(new OrleansGrainStorageSerializer(serializer));
        }));
        silo.Services.AddGrainStorage(
            name, (services, _) => new RedisStateStorage(services.GetRequiredKeyedService<IGrainStorage>(provider)));
        silo.Services.AddKeyedSingleton<IStateQuarantine>(name, (services, _) => new RedisStateQuarantine(
            () => connection(services), services.ServiceId(), services.GetRequiredService<TimeProvider>()));
        return silo;
    }

    private static string ServiceId(this IServiceProvider services) =>
        services.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId;
}
