using Armada.Grains;
using StackExchange.Redis;

namespace Armada.Silo.Orleans.Hosting;

/// <summary>The silo's one connection to Redis. It is asked soon or not at all, for a robot's turn waits for the answer.</summary>
internal sealed class RedisAccess : IStoreHealth, IAsyncDisposable
{
    private const int AnswerWithinMs = 1000; // Half a master's lease.

    private readonly Lazy<Task<ConnectionMultiplexer>> connection;

    /// <summary>Not connected yet.</summary>
    /// <param name="redis">Redis in its client's words.</param>
    /// <exception cref="ArgumentException">They cannot be read.</exception>
    public RedisAccess(string redis)
    {
        Options = ConfigurationOptions.Parse(redis);
        (Options.AsyncTimeout, Options.SyncTimeout, Options.ConnectTimeout) = (AnswerWithinMs, AnswerWithinMs, AnswerWithinMs);
        Options.BacklogPolicy = BacklogPolicy.FailFast;
        Options.ReconnectRetryPolicy = new LinearRetry(AnswerWithinMs);
        connection = new(() => ConnectionMultiplexer.ConnectAsync(Options));
    }

    /// <summary>How it is reached.</summary>
    public ConfigurationOptions Options { get; }

    /// <inheritdoc/>
    public bool IsReached => connection is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true, Result.IsConnected: true } };

    /// <summary>The connection, shared by membership and storage.</summary>
    public async Task<(IConnectionMultiplexer Multiplexer, bool IsShared)> ConnectAsync() => (await connection.Value, true);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (connection is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await connection.Value.Result.DisposeAsync();
    }
}

/// <summary>Memory is always reached.</summary>
internal sealed class MemoryHealth : IStoreHealth
{
    /// <inheritdoc/>
    public bool IsReached => true;
}
