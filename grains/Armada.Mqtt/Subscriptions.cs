using System.Collections.Concurrent;

namespace Armada.Mqtt;

/// <summary>A link's subscriptions: who takes which message, and what the broker has still to be told.</summary>
/// <remarks>
/// Its lock is a leaf: held to change and to queue, never around a handler or I/O, and not taken to deliver. Handlers of filters
/// without wildcards are found by the topic, so that hundreds of them cost a message no more than one.
/// </remarks>
internal sealed class Subscriptions
{
    private readonly Action<Exception, string> faulted;
    private readonly Lock gate = new();
    private readonly List<Subscription> all = [];
    private readonly Queue<SubscriptionRequest> untold = new();
    private readonly ConcurrentDictionary<byte[], Subscription[]> byTopic = new(new TopicComparer());
    private readonly ConcurrentDictionary<byte[], Subscription[]>.AlternateLookup<ReadOnlySpan<byte>> bySpan;
    private volatile Subscription[] withWildcards = [];
    private bool isConnected;

    /// <param name="faulted">Told of an exception that a handler let out, and of the handler's filter.</param>
    public Subscriptions(Action<Exception, string> faulted)
    {
        this.faulted = faulted;
        bySpan = byTopic.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>Adds one.</summary>
    /// <exception cref="ArgumentException">The filter breaks MQTT's rules.</exception>
    public void Add(string filter, Delivery delivery, MessageHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (!TopicFilter.IsValid(filter)) throw new ArgumentException($"'{filter}' is no topic filter.", nameof(filter));
        var added = new Subscription(filter, delivery, handler);
        lock (gate)
        {
            all.Add(added);
            if (added.HasWildcards) withWildcards = [.. withWildcards, added];
            else byTopic[added.Matched] = [.. byTopic.GetValueOrDefault(added.Matched, []), added];
            if (isConnected) untold.Enqueue(new(filter, delivery));
        }
    }

    /// <summary>Ends all of exactly this filter; false where there is none.</summary>
    public bool Remove(string filter)
    {
        lock (gate)
        {
            var ended = all.FindAll(HasFilter);
            if (ended is not [var first, ..]) return false;
            foreach (var subscription in ended) subscription.End();
            all.RemoveAll(HasFilter);
            if (first.HasWildcards)
                withWildcards = Array.FindAll(withWildcards, subscription => !HasFilter(subscription));
            else if (Array.FindAll(byTopic[first.Matched], subscription => !HasFilter(subscription)) is { Length: > 0 } others)
                byTopic[first.Matched] = others;
            else
                byTopic.TryRemove(first.Matched, out _);
            if (isConnected) untold.Enqueue(new(filter, Delivery: null));
            return true;
        }

        bool HasFilter(Subscription subscription) => subscription.Filter == filter;
    }

    /// <summary>A connection is there, and its broker knows of none.</summary>
    public void Connected()
    {
        lock (gate)
        {
            isConnected = true;
            untold.Clear();
            foreach (var subscription in all) untold.Enqueue(new(subscription.Filter, subscription.Delivery));
        }
    }

    /// <summary>The connection is gone: nobody is there to be told anything.</summary>
    public void Disconnected()
    {
        lock (gate)
        {
            isConnected = false;
            untold.Clear();
        }
    }

    /// <summary>Takes what the broker has to be told next; to be sent in this order.</summary>
    public bool TryTake(out SubscriptionRequest request)
    {
        lock (gate) return untold.TryDequeue(out request);
    }

    /// <summary>Hands a message to every handler whose filter matches. A handler's fault stops nobody else.</summary>
    public void Deliver(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (bySpan.TryGetValue(topic, out var named))
        {
            foreach (var subscription in named) Deliver(subscription, topic, payload);
        }
        foreach (var subscription in withWildcards)
        {
            if (subscription.Matches(topic)) Deliver(subscription, topic, payload);
        }
    }

    private void Deliver(Subscription subscription, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        try
        {
            subscription.Deliver(topic, payload);
        }
#pragma warning disable CA1031 // The top of the handler's loop: a fault of one handler may end neither the link nor the process.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            faulted(fault, subscription.Filter);
        }
    }
}
