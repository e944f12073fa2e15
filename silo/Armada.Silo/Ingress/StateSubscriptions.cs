using Armada.Core.MicroPython;
using Armada.Core.Topics;
using Armada.Grains.Robots;
using Armada.Mqtt;
using Armada.Silo.MicroPython;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Ingress;

/// <summary>
/// Subscribes to the state topics of the devices whose robots run here, and to no others, so that a sample crosses no silo boundary. The
/// subscriptions come and go with the robots.
/// </summary>
internal sealed partial class StateSubscriptions(
    DeviceRoutes routes,
    IMqttLink link,
    TopicMap topics,
    MicroPythonTopics dialect,
    FrameIngress frames,
    MicroPythonIngress microPython,
    SiloTelemetry telemetry,
    ILogger<StateSubscriptions> logger,
    LinkPool? pool = null) : IAsyncDisposable
{
    private int count; // Changed inside the lock of the routes.

    public int Count => Volatile.Read(ref count);

    public Task StartAsync(CancellationToken cancellation)
    {
        telemetry.Observe("armada.silo.subscriptions", "{subscription}", "Topics of the devices whose robots run here", () => Count);
        if (pool is not null)
            telemetry.Observe("armada.silo.pool.links", "{link}", "Links for the devices of the robots that run here", () => pool.Links);
        routes.Exchanged += Resubscribe;
        return pool?.StartAsync(cancellation) ?? Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        routes.Exchanged -= Resubscribe;
        return pool?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private void Resubscribe(IReadOnlyList<SampleSlot> removed, IReadOnlyList<SampleSlot> added)
    {
        var before = removed.SelectMany(FiltersOf).ToHashSet();
        var after = added.SelectMany(FiltersOf).ToHashSet();
        foreach (var filter in before.Except(after))
        {
            count--;
            if (pool is not null)
                pool.Unsubscribe(filter);
            else
                link.Unsubscribe(filter);
        }

        foreach (var filter in after.Except(before))
        {
            count++;
            MessageHandler handler = filter.StartsWith(dialect.Root, StringComparison.Ordinal) ? microPython.OnState : frames.OnState;
            if (pool is null)
                link.Subscribe(filter, Delivery.Sample, handler);
            else if (!pool.TrySubscribe(filter, Delivery.Sample, handler))
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

    [LoggerMessage(1230, LogLevel.Error, "{Topic} is not subscribed to: all {Links} links are full; more silos are needed")]
    private partial void LogFull(string topic, int links);
}
