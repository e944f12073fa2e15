using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;

namespace Armada.Mqtt;

/// <summary>One SUBSCRIBE or UNSUBSCRIBE to send.</summary>
/// <param name="Filter">Topic filter.</param>
/// <param name="Delivery">What to subscribe with; null unsubscribes.</param>
internal readonly record struct SubscriptionRequest(string Filter, Delivery? Delivery);

/// <summary>A link's subscriptions: their handlers, and the requests that the present broker must be sent.</summary>
/// <remarks>
/// Its lock is a leaf: held to change and to queue, never around a handler or I/O. Handlers of filters without wildcards are looked
/// up by topic, so that hundreds of them cost a message no more than one.
/// </remarks>
/// <param name="faulted">Called with an exception that a handler threw and the handler's filter.</param>
internal sealed class Subscriptions(Action<Exception, string> faulted)
{
    private readonly Lock gate = new();
    private readonly List<Subscription> all = [];
    private readonly ConcurrentDictionary<string, Subscription[]> byTopic = new(StringComparer.Ordinal);
    private volatile Subscription[] withWildcards = [];
    private Channel<SubscriptionRequest>? requests;

    /// <exception cref="ArgumentException">The filter breaks MQTT's rules.</exception>
    public void Add(string filter, Delivery delivery, MessageHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (!TopicFilter.IsValid(filter)) throw new ArgumentException($"'{filter}' is not a valid topic filter.", nameof(filter));
        var added = new Subscription(filter, delivery, handler);
        lock (gate)
        {
            all.Add(added);
            if (added.HasWildcards) withWildcards = [.. withWildcards, added];
            else byTopic[added.Matched] = [.. byTopic.GetValueOrDefault(added.Matched, []), added];
            requests?.Writer.TryWrite(new(filter, delivery));
        }
    }

    /// <summary>Ends all subscriptions to exactly this filter.</summary>
    public void Remove(string filter)
    {
        lock (gate)
        {
            var ended = all.FindAll(HasFilter);
            if (ended is not [var first, ..]) return;
            foreach (var subscription in ended) subscription.HasEnded = true;
            all.RemoveAll(HasFilter);
            if (first.HasWildcards)
                withWildcards = Array.FindAll(withWildcards, subscription => !HasFilter(subscription));
            else if (Array.FindAll(byTopic[first.Matched], subscription => !HasFilter(subscription)) is { Length: > 0 } others)
                byTopic[first.Matched] = others;
            else
                byTopic.TryRemove(first.Matched, out _);
            requests?.Writer.TryWrite(new(filter, Delivery: null));
        }

        bool HasFilter(Subscription subscription) => subscription.Filter == filter;
    }

    /// <summary>The requests that a new connection needs, in order: one for each subscription, then every change.</summary>
    public ChannelReader<SubscriptionRequest> Connect()
    {
        lock (gate)
        {
            requests = Channel.CreateUnbounded<SubscriptionRequest>(new() { SingleReader = true });
            foreach (var subscription in all) requests.Writer.TryWrite(new(subscription.Filter, subscription.Delivery));
            return requests.Reader;
        }
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
        if (byTopic.TryGetValue(topic, out var named))
        {
            foreach (var subscription in named) Deliver(subscription, utf8, payload);
        }
        foreach (var subscription in withWildcards)
        {
            if (TopicFilter.Matches(subscription.Matched, topic)) Deliver(subscription, utf8, payload);
        }
    }

    private void Deliver(Subscription subscription, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        try
        {
            if (!subscription.HasEnded) subscription.Handler(topic, payload);
        }
#pragma warning disable CA1031 // Whatever one handler throws, the other handlers and the link go on; it is counted and logged.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            faulted(fault, subscription.Filter);
        }
    }

    private sealed class Subscription(string filter, Delivery delivery, MessageHandler handler)
    {
        private volatile bool hasEnded;

        public string Filter => filter;

        public Delivery Delivery => delivery;

        public MessageHandler Handler => handler;

        /// <summary>The filter without <c>$share/group/</c>.</summary>
        public string Matched { get; } = TopicFilter.WithoutShare(filter);

        public bool HasWildcards => Matched.AsSpan().ContainsAny('+', '#');

        public bool HasEnded
        {
            get => hasEnded;
            set => hasEnded = value;
        }
    }
}
