using System.Collections.Concurrent;
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
    private readonly List<Subscription> all = []; // In order of their addition.
    private readonly ConcurrentDictionary<string, Subscription[]> byTopic = new(StringComparer.Ordinal); // Those without a wildcard.
    private volatile Subscription[] wildcards = [];
    private ChannelWriter<SubscriptionRequest>? requests;

    /// <exception cref="ArgumentException">The filter breaks MQTT's rules.</exception>
    public void Add(string filter, Delivery delivery, MessageHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (!TopicFilter.IsValid(filter)) throw new ArgumentException($"'{filter}' is not a valid topic filter.", nameof(filter));
        lock (gate)
        {
            var added = new Subscription(filter, delivery, handler);
            all.Add(added);
            Index(added);
            requests?.TryWrite(new(filter, delivery));
        }
    }

    /// <summary>Ends all subscriptions to exactly this filter.</summary>
    public void Remove(string filter)
    {
        lock (gate)
        {
            var ended = all.FindAll(subscription => subscription.Filter == filter);
            if (ended.Count == 0) return;
            all.RemoveAll(ended.Contains);
            foreach (var subscription in ended) subscription.End();
            var topic = ended[0].Matched;
            wildcards = Array.FindAll(wildcards, subscription => !ended.Contains(subscription));
            if (all.FindAll(other => other.Matched == topic) is not [] and var others && TopicFilter.IsTopic(topic)) byTopic[topic] = [.. others];
            else byTopic.TryRemove(topic, out _);
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
        foreach (var subscription in byTopic.GetValueOrDefault(topic, [])) Deliver(subscription, utf8, payload);
        foreach (var subscription in wildcards)
        {
            if (TopicFilter.Matches(subscription.Matched, topic)) Deliver(subscription, utf8, payload);
        }
    }

    private void Deliver(Subscription subscription, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        try
        {
            subscription.Deliver(topic, payload);
        }
#pragma warning disable CA1031 // Whatever one handler throws, the other handlers and the link go on; it is counted and logged.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            faulted(fault, subscription.Filter);
        }
    }

    private void Index(Subscription added)
    {
        if (TopicFilter.IsTopic(added.Matched)) byTopic[added.Matched] = [.. byTopic.GetValueOrDefault(added.Matched, []), added];
        else wildcards = [.. wildcards, added];
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
