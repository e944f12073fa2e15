namespace Armada.Mqtt;

/// <summary>Whether the link reaches its broker.</summary>
public enum LinkState : byte
{
    /// <summary>Not connected; the link tries again by itself unless it was stopped.</summary>
    Down,

    /// <summary>Connected, and every subscription made before is acknowledged.</summary>
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
/// All members may be called from any thread; <see cref="Publish"/>, <see cref="Subscribe"/> and <see cref="Unsubscribe"/> from
/// inside a <see cref="MessageHandler"/> too. Those three, and <see cref="Reconnect"/>, never wait for the broker or for a handler.
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
    /// <exception cref="ArgumentException">The filter breaks MQTT's rules.</exception>
    void Subscribe(string filter, Delivery delivery, MessageHandler handler);

    /// <summary>
    /// Ends every subscription to exactly this filter, here and, where the link is up, at the broker; may be called at any time. A
    /// filter nobody subscribed to is no error.
    /// </summary>
    /// <remarks>
    /// Once it returns, the delivery of no further message begins. The one message that the link's thread was handing out at that
    /// moment may still reach the handler, or be in it. The same filter may be subscribed to again at once.
    /// </remarks>
    /// <param name="filter">As it was given to <see cref="Subscribe"/>.</param>
    void Unsubscribe(string filter);

    /// <summary>
    /// Starts connecting and returns at once; an unreachable broker is no error, the link goes on trying with jittered back-off.
    /// </summary>
    /// <exception cref="LinkConfigurationException">A certificate, key or CA file is missing or unreadable, or an option is out of range.</exception>
    Task StartAsync(CancellationToken cancellation);

    /// <summary>
    /// Says DISCONNECT, so that no last will is sent, and connects anew at once, with certificate and key read from their files again.
    /// Returns before that is done. Subscriptions and control messages are kept.
    /// </summary>
    /// <remarks>
    /// A link that is down tries again without waiting longer. Before the start and after the end it does nothing. Every other
    /// reconnect reads the files too; one that cannot be read is logged, and the link goes on trying.
    /// </remarks>
    void Reconnect();

    /// <summary>Sends a message without blocking and without keeping <paramref name="payload"/>.</summary>
    /// <returns>False where a sample was dropped (counted); control messages are always taken.</returns>
    bool Publish(string topic, ReadOnlySpan<byte> payload, Delivery delivery, bool retain = false);
}
