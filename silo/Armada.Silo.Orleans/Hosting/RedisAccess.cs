using StackExchange.Redis;

namespace Armada.Silo.Orleans.Hosting;

/// <summary>How Redis is asked: soon, or not at all, for a robot's turn waits for the answer.</summary>
internal static class RedisAccess
{
    private const int AnswerWithinMs = 1000; // Half a master's lease.

    /// <summary>Reads the client's words.</summary>
    /// <exception cref="ArgumentException">They cannot be read.</exception>
    public static ConfigurationOptions Of(string redis)
    {
        var options = ConfigurationOptions.Parse(redis);
        (options.AsyncTimeout, options.SyncTimeout, options.ConnectTimeout) = (AnswerWithinMs, AnswerWithinMs, AnswerWithinMs);
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ReconnectRetryPolicy = new LinearRetry(AnswerWithinMs);
        return options;
    }
}
