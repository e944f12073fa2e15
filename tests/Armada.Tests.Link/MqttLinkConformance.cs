using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;

namespace Armada.Tests.Link;

/// <summary>What every adapter of <see cref="IMqttLink"/> must do, on a real broker.</summary>
public abstract partial class MqttLinkConformance : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> links = [];

    protected FailOnLoggedErrors Logs { get; } = new();

    /// <summary>Event id of a logged handler fault.</summary>
    protected abstract int HandlerFaultEvent { get; }

    /// <summary>Event id of a logged refusal by the broker.</summary>
    protected abstract int RefusedEvent { get; }

    /// <summary>Event id of a log entry on control messages left at the stop.</summary>
    protected abstract int ControlLeftEvent { get; }

    /// <summary>Makes the adapter under test.</summary>
    protected abstract IMqttLink Create(LinkOptions options);

    public async ValueTask DisposeAsync()
    {
        foreach (var link in links) await link.DisposeAsync();
        Logs.Dispose();
        GC.SuppressFinalize(this);
    }

    protected IMqttLink Make(LinkOptions options)
    {
        var link = Create(options);
        links.Add(link);
        return link;
    }

    protected static LinkOptions To(Mosquitto broker, string client = "one") =>
        new() { ClientId = client, Host = broker.Host, Port = broker.Port };

    protected static Task IsUp(IMqttLink link, TimeSpan? timeout = null) =>
        Eventually.Holds("the link comes up", () => link.State is LinkState.Up, timeout);

    protected static Task IsDown(IMqttLink link) => Eventually.Holds("the link goes down", () => link.State is LinkState.Down);

    protected async Task<IMqttLink> Started(LinkOptions options, params (string Filter, Delivery Delivery, MessageHandler Handler)[] subscriptions)
    {
        var link = Make(options);
        foreach (var (filter, delivery, handler) in subscriptions) link.Subscribe(filter, delivery, handler);
        await link.StartAsync(CancellationToken.None);
        await IsUp(link);
        return link;
    }
}
