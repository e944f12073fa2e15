using Armada.Core.Time;

namespace Armada.Silo.Sockets;

/// <summary>What one WebSocket may take.</summary>
internal sealed record SocketLimits
{
    /// <summary>Largest message a client may send, bytes; a larger one closes the socket with 1009.</summary>
    public int MaxMessageBytes { get; init; } = 64 * 1024;

    /// <summary>
    /// Most messages, samples aside, that wait for a client; one more closes the socket with 1013. More than two answers to each
    /// message of a <see cref="Burst"/>, so that only a client that does not read is too slow.
    /// </summary>
    public int MaxWaiting { get; init; } = 1024;

    /// <summary>Messages a second that a client may send for long.</summary>
    public double MessagesPerSecond { get; init; } = 200;

    /// <summary>Messages a client may send at once.</summary>
    public double Burst { get; init; } = 400;

    /// <summary>Time between two pings.</summary>
    public TimeSpan PingEvery { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A peer that has not answered a ping for this long is dead.</summary>
    public TimeSpan PongWithin { get; init; } = TimeSpan.FromMilliseconds(1500);

    /// <summary>How long a closing peer may take to say goodbye.</summary>
    public TimeSpan GoodbyeWithin { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>Why the silo closes a WebSocket: RFC 6455's codes, and those of applications from 4000 on.</summary>
internal static class SocketClose
{
    /// <summary>All is done.</summary>
    public const int Normal = 1000;

    /// <summary>The silo stops.</summary>
    public const int GoingAway = 1001;

    /// <summary>A message that is no text.</summary>
    public const int NotText = 1003;

    /// <summary>What the client asks for when it connects is refused.</summary>
    public const int Refused = 1008;

    /// <summary>A message that is too large.</summary>
    public const int TooLarge = 1009;

    /// <summary>The silo failed.</summary>
    public const int Fault = 1011;

    /// <summary>The client reads too slowly.</summary>
    public const int TooSlow = 1013;

    /// <summary>The key or token is no longer good.</summary>
    public const int Unauthorized = 4401;

    /// <summary>There is no such robot, or no more.</summary>
    public const int RobotUnknown = 4004;

    /// <summary>Another master has taken this one's place.</summary>
    public const int TakenOver = 4009;
}

/// <summary>A token bucket: lets a burst through, and after that so many messages a second.</summary>
internal sealed class MessageRate
{
    private readonly double perSecond;
    private readonly double burst;
    private double tokens;
    private long? last;

    /// <summary>A full bucket.</summary>
    public MessageRate(double perSecond, double burst) => (this.perSecond, this.burst, tokens) = (perSecond, burst, burst);

    /// <summary>Whether one more message may pass now.</summary>
    public bool TryPass(in Timestamp now)
    {
        var passed = Math.Max(0, now.Monotonic - (last ?? now.Monotonic));
        tokens = Math.Min(burst, tokens + (passed * perSecond / Microseconds.PerSecond));
        last = now.Monotonic;
        if (tokens < 1)
            return false;
        tokens--;
        return true;
    }
}
