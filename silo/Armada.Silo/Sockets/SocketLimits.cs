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
