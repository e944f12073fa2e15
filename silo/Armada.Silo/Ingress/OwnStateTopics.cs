using Armada.Core.Devices;
using Armada.Core.MicroPython;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Silo.Engine;
using Armada.Silo.MicroPython;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Ingress;

/// <summary>
/// One silo of a cluster hears the devices of the robots that run here and no others, so that a sample crosses no silo boundary. The
/// subscriptions come and go with the robots.
/// </summary>
internal sealed partial class OwnStateTopics : IStateTopics
{
    private readonly DeviceRoutes routes;
    private readonly LinkPool pool;
    private readonly TopicMap topics;
    private readonly MicroPythonTopics dialect;
    private readonly FrameIngress frames;
    private readonly MicroPythonIngress microPython;
    private readonly ILogger<OwnStateTopics> logger;

    /// <summary>Hears nobody yet.</summary>
    public OwnStateTopics(
        DeviceRoutes routes,
        LinkPool pool,
        TopicMap topics,
        MicroPythonTopics dialect,
        FrameIngress frames,
        MicroPythonIngress microPython,
        SiloTelemetry telemetry,
        ILogger<OwnStateTopics> logger)
    {
        (this.routes, this.pool, this.topics, this.dialect) = (routes, pool, topics, dialect);
        (this.frames, this.microPython, this.logger) = (frames, microPython, logger);
        telemetry.Observe("armada.silo.pool.links", "{link}", "Links for the devices of the robots that run here", () => pool.Links);
        telemetry.Observe("armada.silo.pool.subscriptions", "{subscription}", "Subscriptions on them", () => pool.Subscriptions);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellation)
    {
        routes.Exchanged += Follow;
        return pool.StartAsync(cancellation);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        routes.Exchanged -= Follow;
        return pool.DisposeAsync();
    }

    private void Follow(IReadOnlyList<SampleSlot> gone, IReadOnlyList<SampleSlot> come)
    {
        var before = gone.SelectMany(FiltersOf).ToHashSet();
        var after = come.SelectMany(FiltersOf).ToHashSet();
        foreach (var filter in before.Except(after))
            pool.Unsubscribe(filter);
        foreach (var filter in after.Except(before))
        {
            if (!pool.TrySubscribe(filter, Delivery.Sample, filter.StartsWith(dialect.Root, StringComparison.Ordinal) ? microPython.OnState : frames.OnState))
                LogFull(filter, pool.Links);
        }
    }

    // A master may be an arm of either kind; which, only its frames say.
    private IEnumerable<string> FiltersOf(SampleSlot slot)
    {
        yield return topics.Of(slot.Device, Channel.State);
        if (slot.Role == DeviceRole.Master)
            yield return dialect.Of(slot.Device);
    }

    [LoggerMessage(1230, LogLevel.Error, "{Topic} is not heard: all {Links} links are full; more silos or more links per silo are needed")]
    private partial void LogFull(string topic, int links);
}
