using System.Collections.Concurrent;
using System.Text;
using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;

namespace Armada.Tests.Link;

/// <summary>Links to a real broker, closed after the test.</summary>
public abstract class LinkTestBase : IAsyncDisposable
{
    protected const int RefusedEvent = 2103;
    protected const int HandlerFaultEvent = 2106;
    protected const int ControlLeftEvent = 2107;

    protected static readonly TimeSpan ReconnectLimit = TimeSpan.FromSeconds(5);

    private readonly List<IAsyncDisposable> links = [];

    protected FailOnLoggedErrors Logs { get; } = new();

    public async ValueTask DisposeAsync()
    {
        foreach (var link in links) await link.DisposeAsync();
        Logs.Dispose();
        GC.SuppressFinalize(this);
    }

    protected MqttLink Make(LinkOptions options, TimeProvider? time = null)
    {
        var link = new MqttLink(options, Logs.For<MqttLink>(), time);
        links.Add(link);
        return link;
    }

    protected async Task<MqttLink> Started(LinkOptions options, params (string Filter, Delivery Delivery, MessageHandler Handler)[] subscriptions)
    {
        var link = Make(options);
        foreach (var (filter, delivery, handler) in subscriptions) link.Subscribe(filter, delivery, handler);
        await link.StartAsync(CancellationToken.None);
        await IsUp(link);
        return link;
    }

    protected static LinkOptions To(Mosquitto broker, string client = "one") =>
        new() { ClientId = client, Hosts = [broker.Host], Port = broker.Port };

    protected static Task IsUp(IMqttLink link, TimeSpan? timeout = null) =>
        Eventually.Holds("the link comes up", () => link.State is LinkState.Up, timeout);

    protected static Task IsDown(IMqttLink link) => Eventually.Holds("the link goes down", () => link.State is LinkState.Down);

    protected static byte[] Number(int number) => Encoding.UTF8.GetBytes($"{number}");
}

/// <summary>Collects what a subscription receives.</summary>
internal sealed class Inbox
{
    private readonly ConcurrentQueue<(string Topic, string Text)> messages = new();

    public int Count => messages.Count;

    public IReadOnlyList<string> Texts => [.. messages.Select(message => message.Text)];

    public IReadOnlyList<string> Topics => [.. messages.Select(message => message.Topic)];

    public IReadOnlyList<int> Numbers => [.. Texts.Select(int.Parse)];

    public MessageHandler Handler => (topic, payload) =>
        messages.Enqueue((Encoding.UTF8.GetString(topic), Encoding.UTF8.GetString(payload)));

    public Task Receives(string text, TimeSpan? timeout = null) => Eventually.Holds(
        () => $"'{text}' arrives; {Count} messages did, the last texts were '{string.Join("', '", Texts.TakeLast(3))}'", () => Texts.Contains(text), timeout);

    public Task Receives(int count, TimeSpan? timeout = null) => Eventually.Holds(
        () => $"{count} messages arrive; {Count} did", () => Count >= count, timeout);
}
