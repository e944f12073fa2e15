using Armada.Core.Engine;
using Armada.Grains;
using StackExchange.Redis;

namespace Armada.Silo.Cluster;

/// <summary>
/// The silo's one connection to Redis, from its start to its end. It is asked soon or not at all, for a robot's turn waits for the answer.
/// </summary>
internal sealed class RedisAccess : IStoreHealth, IHostedService
{
    private const int AnswerWithinMs = 1000; // Half a master's lease.

    private ConnectionMultiplexer? connection;

    private RedisAccess(ConfigurationOptions options) => Options = options;

    /// <summary>How it is reached.</summary>
    public ConfigurationOptions Options { get; }

    /// <inheritdoc/>
    public bool IsReached => connection is { IsConnected: true };

    /// <summary>Reads Redis' address in its client's words; gives null, or in one line why they cannot be read.</summary>
    public static string? TryMake(string redis, out RedisAccess? access)
    {
        access = null;
        try
        {
            var options = ConfigurationOptions.Parse(redis);
            (options.AsyncTimeout, options.SyncTimeout, options.ConnectTimeout) = (AnswerWithinMs, AnswerWithinMs, AnswerWithinMs);
            options.BacklogPolicy = BacklogPolicy.FailFast;
            options.ReconnectRetryPolicy = new LinearRetry(AnswerWithinMs);
            access = new RedisAccess(options);
            return options.EndPoints.Count > 0 ? null : $"--redis '{redis}' names no host";
        }
        catch (Exception refused) when (refused is ArgumentException or FormatException)
        {
            return $"--redis '{redis}' cannot be read: {refused.Message}";
        }
    }

    /// <summary>The connection, shared by membership and storage.</summary>
    public Task<(IConnectionMultiplexer Multiplexer, bool IsShared)> ConnectAsync() =>
        Task.FromResult<(IConnectionMultiplexer, bool)>((connection ?? throw new InvalidOperationException("the silo has not started"), true));

    /// <inheritdoc/>
    /// <exception cref="EngineUnreachableException">Redis is not there.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            connection = await ConnectionMultiplexer.ConnectAsync(Options);
        }
        catch (RedisException refused)
        {
            var hosts = string.Join(", ", Options.EndPoints.Select(endpoint => endpoint.ToString()));
            throw new EngineUnreachableException($"--redis {hosts} cannot be reached; is it running, and are the password and TLS right?", refused);
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (connection is not null)
            await connection.DisposeAsync();
    }
}

/// <summary>Memory is always reached.</summary>
internal sealed class MemoryHealth : IStoreHealth
{
    /// <inheritdoc/>
    public bool IsReached => true;
}
