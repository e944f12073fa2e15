namespace Armada.Mqtt;

/// <summary>Whether the link is connected.</summary>
public enum LinkState : byte
{
    /// <summary>Not connected; unless it was stopped, the link is trying to connect.</summary>
    Down,

    /// <summary>Connected, and the broker has acknowledged every subscription made before.</summary>
    Up,
}

/// <summary>How a message is delivered.</summary>
public enum Delivery : byte
{
    /// <summary>
    /// QoS 0. Dropped while the link is down; while the socket takes no more, only the newest message of each topic is kept. Both
    /// are counted.
    /// </summary>
    Sample,

    /// <summary>QoS 1. In order, never dropped while the process lives: kept until the broker acknowledges it.</summary>
    Control,
}

/// <summary>What a link has counted since it was created.</summary>
/// <param name="Published">Handed to the MQTT client.</param>
/// <param name="SamplesDropped">Samples dropped because the link was down, the socket was full or the broker takes no packet of that size.</param>
/// <param name="Reconnects">Connections after the first.</param>
/// <param name="HandlerFaults">Exceptions thrown by handlers.</param>
public readonly record struct LinkCounters(long Received, long Published, long SamplesDropped, long Reconnects, long HandlerFaults);

/// <summary>Handles one message, in the order of arrival; must not block. A connection's handlers run one at a time, those of a silo's own endpoint one at a time for each path of a device.</summary>
/// <param name="topic">UTF-8, valid during the call only.</param>
/// <param name="payload">Valid during the call only.</param>
public delegate void MessageHandler(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload);

/// <summary>One MQTT connection that reconnects by itself.</summary>
/// <remarks>
/// All members may be called from any thread, and all but <see cref="StartAsync"/> and DisposeAsync from inside a
/// <see cref="MessageHandler"/> too; those never wait for the broker or for a handler.
/// </remarks>
public interface IMqttLink : IAsyncDisposable
{
    LinkState State { get; }

    LinkCounters Counters { get; }

    /// <summary>Raised at each change, after all subscriptions have been made again; handlers must not block.</summary>
    event Action<LinkState>? StateChanged;

    /// <summary>Adds a subscription; may be called before or after <see cref="StartAsync"/>.</summary>
    /// <param name="filter">Topic filter; wildcards and <c>$share/group/</c> are allowed.</param>
    /// <param name="delivery">Sample asks for QoS 0, Control for QoS 1.</param>
    /// <param name="handler">Called for every matching message.</param>
    /// <exception cref="ArgumentException">The filter breaks MQTT's rules.</exception>
    void Subscribe(string filter, Delivery delivery, MessageHandler handler);

    /// <summary>Ends every subscription to exactly this filter; a filter nobody subscribed to is no error.</summary>
    /// <remarks>
    /// Once it returns, no further delivery begins. The one message that was being delivered at that moment may still reach the
    /// handler. The same filter may be subscribed to again at once.
    /// </remarks>
    void Unsubscribe(string filter);

    /// <summary>Starts connecting and returns at once; an unreachable broker is no error.</summary>
    /// <exception cref="LinkConfigurationException">A certificate, key or CA file is missing or unreadable, or an option is out of range.</exception>
    Task StartAsync(CancellationToken cancellation);

    /// <summary>
    /// Sends DISCONNECT, so that the last will is not sent, and connects again at once, with certificate and key read from their
    /// files; returns before that is done. Subscriptions and control messages are kept.
    /// </summary>
    /// <remarks>A link that is down tries again without waiting longer. Before the start and after the end it does nothing.</remarks>
    void Reconnect();

    /// <summary>Queues a message; a copy of <paramref name="payload"/> is sent.</summary>
    /// <returns>False where a sample was dropped because the link is down or the message is too large for the broker.</returns>
    /// <exception cref="ArgumentException">The topic is empty or has a wildcard in it.</exception>
    /// <exception cref="InvalidOperationException">Too many control messages wait for the broker.</exception>
    /// <exception cref="ObjectDisposedException">A control message after the link was disposed.</exception>
    bool Publish(string topic, ReadOnlySpan<byte> payload, Delivery delivery, bool retain = false);
}
