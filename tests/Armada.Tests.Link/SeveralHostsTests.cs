using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;

namespace Armada.Tests.Link;

/// <summary>A link that was given several brokers.</summary>
public sealed class SeveralHostsTests : LinkTestBase
{
    private static readonly TimeSpan MovesWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan GivesUpWithin = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task The_first_that_answers_is_taken_where_the_one_before_refuses()
    {
        await using var broker = await Mosquitto.StartAsync();
        var began = Stopwatch.GetTimestamp();

        await using var link = await Started(To(broker) with { Hosts = [$"127.0.0.1:{FreePort.Next()}", "127.0.0.1"] });

        Assert.True(Stopwatch.GetElapsedTime(began) < MovesWithin, $"it took {Stopwatch.GetElapsedTime(began)}");
    }

    [Fact]
    public async Task One_that_does_not_answer_at_all_is_given_up_soon()
    {
        await using var broker = await Mosquitto.StartAsync();
        using var silent = new Socket(SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen(0);
        var port = ((IPEndPoint)silent.LocalEndPoint!).Port;
        using var only = new TcpClient();
        await only.ConnectAsync(IPAddress.Loopback, port); // Fills the queue; the kernel drops whoever comes next.
        var began = Stopwatch.GetTimestamp();

        await using var link = await Started(To(broker) with { Hosts = [$"127.0.0.1:{port}", "127.0.0.1"] });

        Assert.True(Stopwatch.GetElapsedTime(began) < GivesUpWithin, $"it took {Stopwatch.GetElapsedTime(began)}");
    }

    [Fact]
    public async Task A_stream_goes_on_at_the_next_when_its_broker_is_killed_and_waits_for_any_when_all_are()
    {
        await using var first = await Mosquitto.StartAsync();
        await using var second = await Mosquitto.StartAsync();
        var inbox = new Inbox();
        await using var link = await Started(
            To(first) with { Hosts = [$"127.0.0.1:{first.Port}", $"127.0.0.1:{second.Port}"] }, ("echo", Delivery.Sample, inbox.Handler));
        link.Publish("echo", Number(1), Delivery.Sample);
        await inbox.Receives("1");

        await first.KillAsync();
        await Eventually.Holds("the stream goes on", () => link.Publish("echo", Number(2), Delivery.Sample) && inbox.Texts.Contains("2"), MovesWithin);
        Assert.Equal(1, link.Counters.Reconnects);

        await second.KillAsync();
        await IsDown(link);
        await Eventually.Holds("both were tried", () => Logs.Entries.Count(entry => entry.Message.Contains("cannot reach", StringComparison.Ordinal)) >= 2);
        await first.RestartAsync();
        await IsUp(link, ReconnectLimit);
    }

    [Fact]
    public async Task A_requested_reconnect_stays_where_it_is()
    {
        await using var first = await Mosquitto.StartAsync();
        await using var second = await Mosquitto.StartAsync();
        await using var link = await Started(To(first) with { Hosts = [$"127.0.0.1:{first.Port}", $"127.0.0.1:{second.Port}"] });

        link.Reconnect();

        await Eventually.Holds("it has connected again", () => link is { State: LinkState.Up, Counters.Reconnects: 1 });
        Assert.Equal(2, Logs.Entries.Count(entry => entry.Message.EndsWith($"is up at 127.0.0.1:{first.Port}", StringComparison.Ordinal)));
    }
}
