using Armada.Grains.Storage;
using Armada.Testing;
using Armada.Testing.Brokers;
using StackExchange.Redis;

namespace Armada.Tests.Storage.Audit;

public sealed class RedisAuditStoreTests(RedisAuditStoreTests.Server server)
    : AuditStoreConformance, IClassFixture<RedisAuditStoreTests.Server>
{
    [Fact]
    public async Task A_redis_that_cannot_be_reached_is_a_typed_error()
    {
        await using var own = await Redis.StartAsync();
        var options = ConfigurationOptions.Parse(own.Address);
        (options.BacklogPolicy, options.ReconnectRetryPolicy) = (BacklogPolicy.FailFast, new LinearRetry(50));
        await using var connection = await ConnectionMultiplexer.ConnectAsync(options);
        var store = new RedisAuditStore(() => connection, "armada", new AuditRetention(), TimeProvider.System);
        var entry = new AuditEntry(DateTimeOffset.UtcNow, "ann", "Operator", "", "stop", "robot-1");
        await store.AppendAsync([entry]);
        await own.StopAsync();

        await Assert.ThrowsAsync<StorageWriteException>(() => store.AppendAsync([entry]));
        await Assert.ThrowsAsync<StorageReadException>(() => store.ReadAsync(new AuditQuery()));

        await own.RestartAsync();
        await Eventually.HoldsAsync("records are appended again", async () =>
        {
            try
            {
                await store.AppendAsync([entry with { Subject = "robot-2" }]);
                return true;
            }
            catch (StorageWriteException)
            {
                return false;
            }
        });
        Assert.Equal(2, (await store.ReadAsync(new AuditQuery())).Count);
    }

    protected override Task<IAuditStoreUnderTest> MakeAsync() => Task.FromResult<IAuditStoreUnderTest>(new Log(server));

    /// <summary>One Redis for all tests.</summary>
    public sealed class Server : IAsyncLifetime
    {
        private Redis? redis;

        public Redis Redis => redis!;

        public ConnectionMultiplexer Connection { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            redis = await Redis.StartAsync();
            await ConnectAsync();
        }

        public async Task RestartAsync()
        {
            await Connection.DisposeAsync();
            await Redis.KillAsync();
            await Redis.RestartAsync();
            await ConnectAsync();
            await Eventually.HoldsAsync("Redis has loaded its file", async () =>
            {
                try
                {
                    await Connection.GetDatabase().PingAsync();
                    return true;
                }
                catch (RedisException)
                {
                    return false; // It accepts connections before that.
                }
            });
        }

        public async Task DisposeAsync()
        {
            await Connection.DisposeAsync();
            await Redis.DisposeAsync();
        }

        private async Task ConnectAsync() =>
            Connection = await ConnectionMultiplexer.ConnectAsync($"{Redis.Address},connectTimeout=30000,asyncTimeout=30000");
    }

    // Each has its own service, and thereby its own log.
    private sealed class Log(Server server) : IAuditStoreUnderTest
    {
        private readonly string service = $"armada-{Guid.NewGuid():N}";

        public IAuditStore Open(AuditRetention retention, TimeProvider time) =>
            new RedisAuditStore(() => server.Connection, service, retention, time);

        public Task RestartAsync() => server.RestartAsync();
    }
}
