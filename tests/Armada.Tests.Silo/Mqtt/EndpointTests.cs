using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Armada.Core.Control;
using Armada.Core.Topics;
using Armada.Silo.Mqtt;
using Armada.Testing;
using Armada.Testing.Devices;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Mqtt;

/// <summary>Robots whose devices are connected to the silo's own endpoint.</summary>
public sealed class EndpointTests(Broker broker) : IClassFixture<Broker>
{
    private const int PacketsPerConnection = 50;

    private static readonly TimeSpan LongestGap = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task A_leader_moves_a_follower_and_a_stop_reaches_it()
    {
        await using var pair = await EndpointPair.StartAsync(broker);
        pair.Leader.Pose = [10, -20, 30, -5, 15, 40];
        await pair.Follower.CommandedAsync("the follower is at the leader's pose", command => Math.Abs(command.Positions[0] - 10) < 0.1);

        await pair.Silo.PostAsync("/robots/arm/stop");

        await Eventually.Holds("the stop reaches the follower", () => pair.Follower.CountOf(ControlOp.Stop) == 1);
        await Eventually.HoldsAsync(
            "the follower has confirmed it",
            async () => (await pair.Silo.GetAsync("/api/v1/robots/arm/slaves/follower"))["unanswered"] is null);
    }

    [Theory]
    [Trait("Category", "Timed")]
    [InlineData("tcp", 2_000)]
    [InlineData("ws", 2_000)]
    public async Task Malformed_packets_of_many_connections_hold_up_no_robot(string transport, int connections)
    {
        await using var pair = await EndpointPair.StartAsync(broker);
        var random = new Random(7);
        pair.Follower.BeginGaps();

        for (var connection = 0; connection < connections; connection++)
        {
            await using var client = await OpenAsync(pair, transport);
            try
            {
                await client.WriteAsync(Mutated(random, connection));
            }
            catch (Exception closed) when (closed is IOException or WebSocketException)
            {
                continue; // The endpoint has closed it before all was written.
            }
        }

        Assert.True(pair.Follower.LongestGap < LongestGap, $"the follower was not commanded for {pair.Follower.LongestGap.TotalMilliseconds:0} ms");
        await pair.Follower.CommandedAsync("the robot goes on");
        await Eventually.Holds("their connections are gone", () => pair.Silo.Service<DeviceConnections>().Open.Count == 2);
    }

    [Fact]
    [Trait("Category", "Timed")]
    public async Task A_device_that_sends_too_much_is_thinned_and_named_and_hurts_nobody_else()
    {
        await using var pair = await EndpointPair.StartAsync(broker, new DeviceRateLimits { Packets = 300 });
        await using var flood = await ScriptedDevice.StartAsync(pair.PlainPort, pair.Silo.Topics, "flood");
        pair.Follower.BeginGaps();

        await Eventually.Holds("the device is named", () =>
        {
            for (var frame = 0; frame < 1000; frame++)
                flood.Send();
            return pair.Silo.Logs.Entries.Any(entry => entry.Message.Contains("flood at 127.0.0.1", StringComparison.Ordinal));
        });

        Assert.True(pair.Follower.LongestGap < LongestGap, $"the follower was not commanded for {pair.Follower.LongestGap.TotalMilliseconds:0} ms");
    }

    [Fact]
    public async Task A_tap_shows_what_a_device_says_and_is_told()
    {
        await using var pair = await EndpointPair.StartAsync(broker);
        using var response = await pair.Silo.Http.GetAsync(new Uri("/api/v1/devices/follower/tap", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        var seen = new ConcurrentDictionary<string, JsonNode>();
        using var ending = new CancellationTokenSource();
        var reading = ReadAsync(lines, seen, ending.Token);
        pair.Follower.Say(online: true);
        await Eventually.Holds("a command is shown", () => seen.ContainsKey(pair.Silo.Topics.Of("follower", Channel.Command)));
        await pair.Silo.PostAsync("/robots/arm/stop");

        await Eventually.Holds(
            () => $"every kind of message is shown; there were {string.Join(", ", seen.Keys)}",
            () => Enum.GetValues<Channel>().Where(channel => channel != Channel.None).All(channel => seen.ContainsKey(pair.Silo.Topics.Of("follower", channel))));
        await ending.CancelAsync();
        await reading;

        Assert.Equal(6, seen[pair.Silo.Topics.Of("follower", Channel.State)]["frames"]![0]!["positions"]!.AsArray().Count);
        Assert.True(seen[pair.Silo.Topics.Of("follower", Channel.Command)]["frames"]![0]!["epoch"]!.GetValue<uint>() > 0);
        Assert.NotNull(seen[pair.Silo.Topics.Of("follower", Channel.Control)]["message"]!["op"]);
        Assert.True(seen[pair.Silo.Topics.Of("follower", Channel.Presence)]["message"]!["online"]!.GetValue<bool>());
    }

    private static async Task<Stream> OpenAsync(EndpointPair pair, string transport)
    {
        if (transport == "tcp")
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync("127.0.0.1", pair.PlainPort);
            return new NetworkStream(socket, ownsSocket: true);
        }

        var web = new ClientWebSocket();
        web.Options.AddSubProtocol("mqtt");
        await web.ConnectAsync(new UriBuilder(pair.Silo.Http.BaseAddress!) { Scheme = "ws", Path = "/mqtt" }.Uri, CancellationToken.None);
        return WebSocketStream.Create(web, WebSocketMessageType.Binary, ownsWebSocket: true);
    }

    private static async Task ReadAsync(StreamReader lines, ConcurrentDictionary<string, JsonNode> seen, CancellationToken ending)
    {
        try
        {
            while (await lines.ReadLineAsync(ending) is { } line)
            {
                var message = JsonNode.Parse(line)!;
                seen[message["topic"]!.GetValue<string>()] = message;
            }
        }
        catch (OperationCanceledException)
        {
            return; // All is seen.
        }
    }

    // A CONNECT that would be accepted, SUBSCRIBE, PUBLISH of both QoS and PINGREQ, with some of their bytes changed, cut or repeated.
    private static byte[] Mutated(Random random, int number)
    {
        byte[] connect = [0x10, 0x12, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 4, 2, 0, 10, 0, 6, (byte)'f', (byte)'u', (byte)'z', (byte)'z', .. Digits(number)];
        var bytes = new List<byte>(connect);
        for (var packet = 1; packet < PacketsPerConnection; packet++)
        {
            bytes.AddRange(random.Next(4) switch
            {
                0 => (byte[])[0x82, 8, 0, 1, 0, 3, (byte)'a', (byte)'/', (byte)'#', 0],
                1 => [0x30, 5, 0, 1, (byte)'a', 1, 2],
                2 => [0x32, 7, 0, 1, (byte)'a', 0, 9, 1, 2],
                _ => [0xC0, 0],
            });
        }

        for (var change = random.Next(8); change > 0; change--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(3))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                default:
                    bytes.Insert(at, bytes[random.Next(bytes.Count)]);
                    break;
            }
        }

        return [.. bytes];
    }

    private static byte[] Digits(int number) => [(byte)('0' + (number / 10 % 10)), (byte)('0' + (number % 10))];
}
