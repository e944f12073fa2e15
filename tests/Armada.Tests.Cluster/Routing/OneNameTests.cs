using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Tests.Cluster.Documents;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Tests.Cluster.Routing;

/// <summary>One name is one machine's, whichever silo it connects to.</summary>
public sealed class OneNameTests(SharedServers servers) : IClassFixture<SharedServers>, IDisposable
{
    private const int Refused = 1720;
    private const string Name = "arm-1";

    private readonly FailOnLoggedErrors logs = new();

    public void Dispose() => logs.Dispose();

    [Theory]
    [InlineData("one", "two")]
    [InlineData("one", null)]
    [InlineData(null, null)]
    public async Task A_second_machine_is_refused_while_the_first_lives_and_let_in_when_it_has_left(string? first, string? second)
    {
        await using var silos = await EndpointSilos.StartAsync(servers, logs);
        var device = await silos.ConnectAsync(0, Name, first);

        await using var rival = Link(silos.PortOf(1), second);
        await rival.StartAsync(CancellationToken.None);
        await Eventually.Holds("the second machine is refused", () => logs.Of(Refused).Any(line => line.Message.Contains("another machine is connected as arm-1", StringComparison.Ordinal)));
        var sent = device.Sent;
        await Eventually.Holds("the first goes on", () => device.Sent > sent + 100);
        Assert.True(device.IsConnected);
        Assert.Equal(LinkState.Down, rival.State);

        var audit = await silos.AskAsync(HttpMethod.Get, "/audit");
        Assert.Contains("device-refused", audit!.ToJsonString(), StringComparison.Ordinal);

        await device.DisposeAsync();

        await Eventually.Holds("the second machine is connected", () => rival.State == LinkState.Up);
    }

    [Fact]
    public async Task The_same_machine_is_let_in_at_once_and_its_old_connection_ends()
    {
        await using var silos = await EndpointSilos.StartAsync(servers, logs);
        var device = await silos.ConnectAsync(0, Name, "one");

        await using var again = Link(silos.PortOf(1), "one");
        await again.StartAsync(CancellationToken.None);

        await Eventually.Holds("it is connected again", () => again.State == LinkState.Up, TimeSpan.FromSeconds(2));
        await Eventually.Holds("the old connection has ended", () => !device.IsConnected);
    }

    [Fact]
    public async Task A_machine_that_is_silent_for_a_second_does_not_lock_its_successor_out()
    {
        await using var silos = await EndpointSilos.StartAsync(servers, logs);
        var device = await silos.ConnectAsync(0, Name, "one");
        device.Silent = true;

        await using var successor = Link(silos.PortOf(1), "two");
        await successor.StartAsync(CancellationToken.None);

        await Eventually.Holds("the successor is connected", () => successor.State == LinkState.Up);
    }

    private static MqttLink Link(int port, string? instance)
    {
        var link = new MqttLink(new LinkOptions { ClientId = Name, Instance = instance, Port = port }, NullLogger<MqttLink>.Instance);
        link.Subscribe(new TopicMap().Of(Name, Channel.Control), Delivery.Control, static (_, _) => { });
        return link;
    }
}
