using System.Collections.Concurrent;
using System.Text;
using Armada.Core.Time;
using Armada.Grains.Robots;
using Armada.Mqtt;

namespace Armada.Silo.Mqtt;

/// <summary>The topics of the silo's own endpoint, and the silo's handlers of what devices publish.</summary>
internal sealed partial class TopicTable(SiloClock clock, ILogger<TopicTable> logger)
{
    /// <summary>What stands after a topic where its route is that of a device's second path.</summary>
    public const string SecondPath = "#2"; // No topic has it.

    private readonly ConcurrentDictionary<string, TopicRoute> routes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, MessageHandler> patterns = new(StringComparer.Ordinal);
    private readonly LogPace faults = new();
    private long handlerFaults;

    public long HandlerFaults => Interlocked.Read(ref handlerFaults);

    /// <param name="topic">A topic, or another process's key of a route.</param>
    public TopicRoute Of(string topic) => topic.EndsWith(SecondPath, StringComparison.Ordinal)
        ? Of(topic[..^SecondPath.Length], isSecondPath: true)
        : routes.GetOrAdd(topic, static name => new TopicRoute(name));

    public TopicRoute Of(string topic, bool isSecondPath)
    {
        var route = Of(topic);
        return isSecondPath ? route.Second ??= routes.GetOrAdd(topic + SecondPath, static (key, first) => new TopicRoute(key, first), route) : route;
    }

    public TopicRoute? Find(string topic) => routes.GetValueOrDefault(topic);

    public void Subscribe(string filter, MessageHandler handler)
    {
        if (!TopicFilter.IsValid(filter))
            throw new ArgumentException($"'{filter}' is no topic filter", nameof(filter));
        if (TopicFilter.IsTopic(filter))
            Of(filter).Handler = Guard(handler);
        else
            patterns[filter] = Guard(handler);
    }

    public void Unsubscribe(string filter)
    {
        patterns.TryRemove(filter, out _);
        if (Find(filter) is { } route)
            route.Handler = null;
    }

    /// <summary>Gives a message that a device published to the handlers of filters with wildcards: presence and replies.</summary>
    public void Deliver(TopicRoute route, ReadOnlySpan<byte> payload)
    {
        foreach (var (filter, handler) in patterns)
        {
            if (TopicFilter.Matches(filter, route.Topic))
                handler(route.Utf8, payload);
        }
    }

    // A handler's fault must not end the connection that it was called on.
    private MessageHandler Guard(MessageHandler handler) => (topic, payload) =>
    {
        try
        {
            handler(topic, payload);
        }
        catch (Exception fault)
        {
            Interlocked.Increment(ref handlerFaults);
            if (faults.IsDue(clock.Now(), out var hidden))
                LogFault(fault, Encoding.UTF8.GetString(topic), hidden);
        }
    };

    [LoggerMessage(1722, LogLevel.Error, "A message on {Topic} could not be handled ({Hidden} such lines left out)")]
    private partial void LogFault(Exception fault, string topic, long hidden);
}
