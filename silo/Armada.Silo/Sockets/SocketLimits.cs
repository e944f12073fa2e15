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

/// <summary>A token bucket.</summary>
internal sealed class MessageRate
{
    private readonly double perSecond;
    private readonly double burst;
    private double tokens;
    private long? last;

    public MessageRate(double perSecond, double burst) => (this.perSecond, this.burst, tokens) = (perSecond, burst, burst);

    public bool TryConsume(in Timestamp now)
    {
        var elapsed = Math.Max(0, now.Monotonic - (last ?? now.Monotonic));
        tokens = Math.Min(burst, tokens + (elapsed * perSecond / Microseconds.PerSecond));
        last = now.Monotonic;
        if (tokens < 1)
            return false;
        tokens--;
        return true;
    }
}
