using Armada.Grains.Storage;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Storage;
using StackExchange.Redis;

namespace Armada.Tests.Storage.Support;

/// <summary>A silo with one kind of storage, registered as the product registers it.</summary>
public abstract class StorageHost : IAsyncLifetime
{
    public const string Service = "armada-test";
    public const string Name = "armada";

    private IHost? host;

    public IGrainStorage Grains => Services.GetRequiredKeyedService<IGrainStorage>(Name);

    public IStateQuarantine Quarantine => Services.GetRequiredKeyedService<IStateQuarantine>(Name);

    protected IServiceProvider Services => host!.Services;

    /// <summary>The bytes of a record, looked up past the storage; null where there is none.</summary>
    public abstract Task<byte[]?> RawAsync(string stateName, GrainId grainId);

    /// <summary>Puts other bytes in their place, as a newer release or an accident does.</summary>
    public abstract Task OverwriteAsync(string stateName, GrainId grainId, byte[] data);

    public virtual async Task InitializeAsync()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        Add(builder.Services);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(FreePort.Next(), FreePort.Next(), serviceId: Service, clusterId: Service);
            Add(silo);
        });
        host = builder.Build();
        await host.StartAsync();
    }

    public virtual async Task DisposeAsync()
    {
        if (host is null)
            return;
        await host.StopAsync();
        host.Dispose();
    }

    protected abstract void Add(IServiceCollection services);

    protected abstract void Add(ISiloBuilder silo);
}

/// <summary>A silo that stores in SQLite.</summary>
public sealed class SqliteHost : StorageHost, IDisposable
{
    private readonly TempFolder folder = new();

    private string Path => folder.File("armada.db");

    public override Task<byte[]?> RawAsync(string stateName, GrainId grainId) => Task.FromResult(SqliteFile.Sql<byte[]>(
        Path,
        "SELECT data FROM grain_state WHERE service = $s AND grain_type = $t AND grain_key = $k AND state_name = $n",
        Key(stateName, grainId)));

    public override Task OverwriteAsync(string stateName, GrainId grainId, byte[] data)
    {
        SqliteFile.Sql<object>(
            Path,
            "UPDATE grain_state SET data = $d, checksum = $c WHERE service = $s AND grain_type = $t AND grain_key = $k AND state_name = $n",
            [.. Key(stateName, grainId), ("$d", data), ("$c", SqliteGrainStorage.ChecksumOf(data))]);
        return Task.CompletedTask;
    }

    public void Dispose() => folder.Dispose();

    protected override void Add(IServiceCollection services) => services.AddSqliteDatabase(new SqliteDatabaseOptions { Path = Path });

    protected override void Add(ISiloBuilder silo) => silo.AddSqliteGrainStorage(Name);

    private static (string, object)[] Key(string stateName, GrainId grainId) =>
        [("$s", Service), ("$t", grainId.Type.ToString()!), ("$k", grainId.Key.ToString()!), ("$n", stateName)];
}

/// <summary>A silo that stores in a real Redis.</summary>
public sealed class RedisHost : StorageHost
{
    private Redis? redis;
    private ConnectionMultiplexer? connection;

    public Redis Redis => redis!;

    private IDatabase Database => connection!.GetDatabase();

    public override async Task InitializeAsync()
    {
        redis = await Redis.StartAsync();
        connection = await ConnectionMultiplexer.ConnectAsync(Options);
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (connection is not null)
            await connection.DisposeAsync();
        if (redis is not null)
            await redis.DisposeAsync();
    }

    public override async Task<byte[]?> RawAsync(string stateName, GrainId grainId) =>
        await Database.HashGetAsync(Key(stateName, grainId), "data");

    public override Task OverwriteAsync(string stateName, GrainId grainId, byte[] data) =>
        Database.HashSetAsync(Key(stateName, grainId), "data", data);

    protected override void Add(IServiceCollection services)
    {
    }

    protected override void Add(ISiloBuilder silo) => silo.AddRedisStateStorage(
        Name,
        options =>
        {
            options.ConfigurationOptions = Options;
            options.CreateMultiplexer = _ => Task.FromResult<(IConnectionMultiplexer, bool)>((connection!, true));
        },
        _ => connection!);

    private ConfigurationOptions Options
    {
        get
        {
            var options = ConfigurationOptions.Parse(redis!.Address);
            (options.AbortOnConnectFail, options.BacklogPolicy, options.AsyncTimeout) = (false, BacklogPolicy.FailFast, 1000);
            return options;
        }
    }

    private static RedisKey Key(string stateName, GrainId grainId) => $"{Service}/state/{grainId}/{stateName}";
}
