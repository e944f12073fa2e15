using Armada.Core.Time;

namespace Armada.Silo.Sockets;

internal sealed record SocketLimits
{
    /// <summary>A larger message closes the socket with 1009.</summary>
    public int MaxMessageBytes { get; init; } = 64 * 1024;

    /// <summary>
    /// Messages other than samples; one more closes the socket with 1013. More than two answers to each message of a
    /// <see cref="Burst"/>, so that it only hits a client that does not read.
    /// </summary>
    public int MaxQueuedMessages { get; init; } = 1024;
    public double MessagesPerSecond { get; init; } = 200;
    public double Burst { get; init; } = 400;
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromMilliseconds(500);
    public TimeSpan PongTimeout { get; init; } = TimeSpan.FromMilliseconds(1500);
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>Close codes: those of RFC 6455, and the application's from 4000 on.</summary>
internal static class SocketClose
{
    public const int Normal = 1000;
    public const int GoingAway = 1001;
    public const int NotText = 1003;
    public const int Refused = 1008;
    public const int TooLarge = 1009;
    public const int Fault = 1011;
    public const int TooSlow = 1013;
    public const int Unauthorized = 4401;
    public const int RobotUnknown = 4004;
    public const int TakenOver = 4009;
}

/// <summary>A token bucket. Spending may overdraw it; then nothing is left until the debt is refilled.</summary>
internal sealed class TokenBucket
{
    private readonly double perSecond;
    private readonly double burst;
    private double left;
    private long spent;
    private long? last;

    public TokenBucket(double perSecond, double burst) => (this.perSecond, this.burst, left) = (perSecond, burst, burst);

    /// <summary>Thread-safe, as nothing else is.</summary>
    public void Spend(long tokens) => Interlocked.Add(ref spent, tokens);

    public bool HasLeft(in Timestamp now)
    {
        Refill(now);
        return left > 0;
    }

    public bool TryConsume(in Timestamp now)
    {
        Refill(now);
        if (left < 1)
            return false;
        left--;
        return true;
    }

    private void Refill(in Timestamp now)
    {
        var passed = Math.Max(0, now.Monotonic - (last ?? now.Monotonic));
        last = now.Monotonic;
        left = Math.Min(burst, left + (passed * perSecond / Microseconds.PerSecond) - Interlocked.Exchange(ref spent, 0));
    }
}
