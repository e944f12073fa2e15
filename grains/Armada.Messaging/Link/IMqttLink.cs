namespace Armada.Messaging.Link;

/// <summary>Whether the link reaches its broker.</summary>
public enum LinkState : byte
{
    /// <summary>Not connected; the link tries again by itself unless it was stopped.</summary>
    Down,

    /// <summary>Connected, and every subscription is acknowledged.</summary>
    Up,
}

/// <summary>How a message travels.</summary>
public enum Delivery : byte
{
    /// <summary>QoS 0. Dropped and counted while the link is down or the socket is full; the newest wins, nothing queues.</summary>
    Sample,

    /// <summary>QoS 1. In order, never dropped while the process lives: what cannot be sent waits for the link.</summary>
    Control,
}

/// <summary>
/// Takes one message on the link's own thread, straight from the socket buffer: copy what must outlive the call, and never block.
/// </summary>
/// <param name="topic">UTF-8 topic.</param>
/// <param name="payload">Payload, valid during the call only.</param>
public delegate void MessageHandler(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload);

/// <summary>One MQTT connection that keeps itself alive: the port that the libmosquitto and the MQTTnet adapter fill.</summary>
/// <remarks>
/// Subscriptions are made again after each reconnect, before <see cref="StateChanged"/> says <see cref="LinkState.Up"/>.
/// All members may be called from any thread, <see cref="Publish"/> from inside a <see cref="MessageHandler"/> too.
/// </remarks>
public interface IMqttLink : IAsyncDisposable
{
    /// <summary>Where the link stands now.</summary>
    LinkState State { get; }

    /// <summary>What the link has counted since it was made.</summary>
    LinkCounters Counters { get; }

    /// <summary>Raised on the link's thread at each change; handlers must not block.</summary>
    event Action<LinkState>? StateChanged;

    /// <summary>Adds a subscription; may be called before or after <see cref="StartAsync"/>.</summary>
    /// <param name="filter">Topic filter, wildcards allowed.</param>
    /// <param name="delivery">Sample asks for QoS 0, Control for QoS 1.</param>
    /// <param name="handler">Called for every matching message.</param>
    void Subscribe(string filter, Delivery delivery, MessageHandler handler);

    /// <summary>
    /// Starts connecting and returns at once; an unreachable broker is no error, the link goes on trying with jittered back-off.
    /// </summary>
    /// <exception cref="LinkConfigurationException">A certificate, key or CA file is missing or unreadable, or an option is out of range.</exception>
    Task StartAsync(CancellationToken cancellation);

    /// <summary>Sends a message without blocking and without keeping <paramref name="payload"/>.</summary>
    /// <returns>False where a sample was dropped (counted); control messages are always taken.</returns>
    bool Publish(string topic, ReadOnlySpan<byte> payload, Delivery delivery, bool retain = false);
}
