using Armada.Core.Engine;
using Armada.Grains;
using StackExchange.Redis;

namespace Armada.Silo.Cluster;

/// <summary>
/// The silo's one connection to Redis, from its start to its end. An answer comes soon or not at all, because a robot waits for it.
/// </summary>
internal sealed class RedisAccess : BackgroundService, IStoreHealth
{
    private const int AnswerWithinMs = 1000; // Half a master's lease.

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    private readonly TimeProvider time = TimeProvider.System;
    private ConnectionMultiplexer? connection;
    private volatile bool answers;

    private RedisAccess(ConfigurationOptions options) => Options = options;

    /// <summary>How it is reached.</summary>
    public ConfigurationOptions Options { get; }

    /// <summary>The connection.</summary>
    /// <exception cref="InvalidOperationException">The silo has not started.</exception>
    public IConnectionMultiplexer Connection => connection ?? throw new InvalidOperationException("the silo has not started");

    public bool IsReached => answers && connection is { IsConnected: true };

    /// <summary>Reads Redis' address in its client's words; gives null, or in one line why it cannot be read.</summary>
    public static string? TryParse(string redis, out RedisAccess? access)
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
    public Task<(IConnectionMultiplexer Multiplexer, bool IsShared)> ConnectAsync() => Task.FromResult((Connection, true));

    /// <exception cref="EngineUnreachableException">Redis cannot be reached.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            connection = await ConnectionMultiplexer.ConnectAsync(Options);
            answers = true;
        }
        catch (RedisException refused)
        {
            var hosts = string.Join(", ", Options.EndPoints.Select(endpoint => endpoint.ToString()));
            throw new EngineUnreachableException($"--redis {hosts} cannot be reached; is it running, and are the password and TLS right?", refused);
        }

        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (connection is not null)
            await connection.DisposeAsync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            answers = await TryPingAsync();
            await Task.Delay(Poll, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> TryPingAsync()
    {
        try
        {
            await Connection.GetDatabase().PingAsync();
            return true;
        }
        catch (Exception unreached) when (unreached is RedisException or TimeoutException)
        {
            return false; // The one that is asked next says so; Orleans logs why.
        }
    }
}

/// <summary>Storage in this process's own folder.</summary>
internal sealed class LocalStoreHealth : IStoreHealth
{
    public bool IsReached => true;
}
