using System.Text;
using System.Threading.Channels;

namespace Armada.Mqtt;

/// <summary>A SUBSCRIBE to send, or without a delivery an UNSUBSCRIBE.</summary>
internal readonly record struct SubscriptionRequest(string Filter, Delivery? Delivery);

/// <summary>A link's subscriptions: their handlers, and the requests that the present broker must be sent.</summary>
/// <remarks>Its lock is a leaf: held to change and to queue, never around a handler or I/O.</remarks>
/// <param name="faulted">Called with an exception that a handler threw and the handler's filter.</param>
internal sealed class Subscriptions(Action<Exception, string> faulted)
{
    private readonly Lock gate = new();
    private volatile Subscription[] all = [];
    private ChannelWriter<SubscriptionRequest>? requests;

    /// <exception cref="ArgumentException">The filter breaks MQTT's rules.</exception>
    public void Add(string filter, Delivery delivery, MessageHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (!TopicFilter.IsValid(filter)) throw new ArgumentException($"'{filter}' is not a valid topic filter.", nameof(filter));
        lock (gate)
        {
            all = [.. all, new(filter, delivery, handler)];
            requests?.TryWrite(new(filter, delivery));
        }
    }

    /// <summary>Ends all subscriptions to exactly this filter.</summary>
    public void Remove(string filter)
    {
        lock (gate)
        {
            var ended = Array.FindAll(all, subscription => subscription.Filter == filter);
            if (ended.Length == 0) return;
            foreach (var subscription in ended) subscription.End();
            all = Array.FindAll(all, subscription => subscription.Filter != filter);
            requests?.TryWrite(new(filter, Delivery: null));
        }
    }

    /// <summary>The requests that a new connection needs, in order: one for each subscription, then every change.</summary>
    public ChannelReader<SubscriptionRequest> Connect()
    {
        var channel = Channel.CreateUnbounded<SubscriptionRequest>(new() { SingleReader = true });
        lock (gate)
        {
            requests = channel.Writer;
            foreach (var subscription in all) requests.TryWrite(new(subscription.Filter, subscription.Delivery));
        }
        return channel.Reader;
    }

    /// <summary>The connection is gone: changes are queued no more.</summary>
    public void Disconnect()
    {
        lock (gate) requests = null;
    }

    /// <summary>Calls every handler whose filter matches. A handler that throws does not keep the message from the others.</summary>
    public void Deliver(string topic, ReadOnlySpan<byte> payload)
    {
        var room = Encoding.UTF8.GetMaxByteCount(topic.Length);
        var utf8 = room <= 512 ? stackalloc byte[room] : new byte[room];
        utf8 = utf8[..Encoding.UTF8.GetBytes(topic, utf8)];
        foreach (var subscription in all)
        {
            if (!TopicFilter.Matches(subscription.Matched, topic)) continue;
            try
            {
                subscription.Deliver(utf8, payload);
            }
#pragma warning disable CA1031 // Whatever one handler throws, the other handlers and the link go on; it is counted and logged.
            catch (Exception fault)
#pragma warning restore CA1031
            {
                faulted(fault, subscription.Filter);
            }
        }
    }

    private sealed class Subscription(string filter, Delivery delivery, MessageHandler handler)
    {
        private volatile bool hasEnded;

        public string Filter => filter;

        public Delivery Delivery => delivery;

        public string Matched { get; } = TopicFilter.WithoutShare(filter);

        public void End() => hasEnded = true;

        public void Deliver(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
        {
            if (!hasEnded) handler(topic, payload);
        }
    }
}
