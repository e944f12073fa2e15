using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Armada.Core.Control;
using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Frames;
using Armada.Core.Routing;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Silo.Mqtt;
using Armada.Silo.Panel;
using Armada.Testing;
using Armada.Tests.Silo.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Tests.Silo.Mqtt;

/// <summary>Devices with a second connection to the silo's own endpoint, for samples only.</summary>
public sealed class SecondPathTests(Broker broker) : IClassFixture<Broker>
{
    private const int Refused = 1720;
    private const int Forbidden = 1721;

    [Fact]
    public async Task Samples_go_by_both_paths_and_the_first_copy_counts()
    {
        await using var pair = await EndpointPair.StartAsync(broker);
        var heard = new ConcurrentQueue<uint>();
        await using var leader = await ConnectAsync(pair, "leader");
        await using var follower = await ConnectAsync(pair, "follower", heard);
        pair.Leader.Silent = true;
        pair.Leader.Pose = [10, -20, 30, -5, 15, 40];
        var before = Counted(FrameResult.Duplicate);
        var sequence = 1_000_000u;

        await LedAsync("its pose reaches the follower by its second path", () => pair.Follower.Commands.Any(command => Math.Abs(command.Positions[0] - 10) < 0.1));
        pair.Leader.Send(sequence);

        await Eventually.Holds("the copy is counted as one", () => Counted(FrameResult.Duplicate) == before + 1);
        var both = heard.Count;
        await LedAsync(
            "the follower hears each command by both paths",
            () => heard.Count > both && pair.Follower.Commands.Any(command => command.Header.Sequence == heard.Last()));

        await pair.Follower.DisposeAsync();
        var alone = heard.Count;
        await LedAsync("it is commanded by the second path alone, too", () => heard.Count > alone + 2);

        long Counted(FrameResult result) => pair.Silo.Telemetry.Frames(DeviceRole.Master, result);

        Task LedAsync(string what, Func<bool> holds) => Eventually.Holds(what, () =>
        {
            Send(++sequence);
            return holds();
        });

        void Send(uint sequence)
        {
            Span<byte> frame = stackalloc byte[FrameCodec.MaxSize];
            leader.Publish(pair.Silo.Topics.Of("leader", Channel.State), frame[..pair.Leader.Write(frame, sequence)], Delivery.Sample);
        }
    }

    [Fact]
    public async Task A_second_path_may_use_no_other_topics_and_has_no_last_will()
    {
        await using var pair = await EndpointPair.StartAsync(broker);
        await using var second = new MqttLink(
            new LinkOptions { ClientId = "follower" + DeviceName.SecondPath, Instance = "follower", Port = pair.PlainPort }, NullLogger<MqttLink>.Instance);
        await second.StartAsync(default);
        await Eventually.Holds("it is connected", () => second.State == LinkState.Up);

        second.Publish(pair.Silo.Topics.Of("follower", Channel.Presence), ControlJson.Write(new Presence(Online: false)), Delivery.Control);
        second.Publish(pair.Silo.Topics.Of("follower", Channel.ControlReply), ControlJson.Write(new ControlReply("1", true)), Delivery.Control);
        second.Subscribe(pair.Silo.Topics.Of("follower", Channel.Control), Delivery.Control, (_, _) => { });
        await Eventually.Holds("it is refused", () => pair.Silo.Logs.Of(Forbidden).Count >= 1);

        await using var will = Link(pair, "leader", "leader", new LastWill(pair.Silo.Topics.Of("leader", Channel.State), new byte[1]));
        await will.StartAsync(default);
        await RefusedAsync(pair, "has no last will");
        Assert.NotEqual(false, (await pair.Silo.GetAsync("/api/v1/robots/arm/slaves/follower"))["reported"]?["online"]?.GetValue<bool>());
        await pair.Follower.CommandedAsync("the robot goes on");
    }

    [Fact]
    public async Task What_a_device_says_of_its_network_and_its_paths_is_shown()
    {
        await using var pair = await EndpointPair.StartAsync(broker);
        var said = new Presence(
            Online: true,
            "so101-follower",
            Playout: new PlayoutReport(24, 41, 36, 1, 2, 1, "network +24 ms"),
            Paths: [new PathPresence(true, "wlan0", 10, 20, 12), new PathPresence(false, "wwan0")]);
        pair.Follower.Publish(Channel.Presence, ControlJson.Write(said));

        JsonNode? reported = null;
        await Eventually.HoldsAsync(
            "it is shown", async () => (reported = (await pair.Silo.GetAsync("/api/v1/robots/arm/slaves/follower"))["reported"])?["playout"] is not null);
        Assert.Equal(("network +24 ms", 41), (reported!["playout"]!["summary"]!.GetValue<string>(), reported["playout"]!["jitter_ms"]!.GetValue<double>()));
        Assert.Equal((true, 12), (reported["paths"]![0]!["connected"]!.GetValue<bool>(), reported["paths"]![0]!["first"]!.GetValue<long>()));
        var robot = (await pair.Silo.Service<IRobotEngine>().ListAsync(default)).Single();
        var shown = PanelReader.Read(robot).Slaves.Single();
        Assert.Equal(("network +24 ms", "wlan0", false), (shown.Playout!.Summary, shown.Paths![0].Interface, shown.Paths[1].Connected));
    }

    [Theory]
    [InlineData("another", "another machine is connected as leader")]
    [InlineData(null, "gives the instance id of the first")]
    public async Task A_second_path_of_another_machine_is_refused(string? instance, string reason)
    {
        await using var pair = await EndpointPair.StartAsync(broker);
        await using var second = Link(pair, "leader", instance);

        await second.StartAsync(default);

        await RefusedAsync(pair, reason);
        Assert.True(pair.Leader.IsConnected);
    }

    [Fact]
    public async Task The_first_path_may_come_again_beside_the_second_and_another_machine_ends_both()
    {
        await using var pair = await EndpointPair.StartAsync(broker);
        await using var second = await ConnectAsync(pair, "leader");
        var falls = 0;
        second.StateChanged += state => falls += state == LinkState.Down ? 1 : 0;

        await pair.Leader.MoveAsync(pair.PlainPort);
        await pair.Follower.CommandedAsync("the leader is back");
        Assert.Equal((0, LinkState.Up), (falls, second.State));

        await pair.Leader.DisposeAsync();
        await using var other = new MqttLink(
            new LinkOptions { ClientId = "leader", Instance = "another", Port = pair.PlainPort }, pair.Silo.Logs.For<MqttLink>());
        await other.StartAsync(default);
        await Eventually.Holds("another machine takes the name when the last path is silent", () => other.State == LinkState.Up);
        await Eventually.Holds("the second path of the former is cut", () => pair.Silo.Service<DeviceConnections>().Of("leader").Count() == 1);
    }

    private static MqttLink Link(EndpointPair pair, string device, string? instance, LastWill? will = null) => new(
        new LinkOptions { ClientId = device + DeviceName.SecondPath, Instance = instance, Port = pair.PlainPort, Will = will }, pair.Silo.Logs.For<MqttLink>());

    private static async Task<MqttLink> ConnectAsync(EndpointPair pair, string device, ConcurrentQueue<uint>? heard = null)
    {
        var link = Link(pair, device, device);
        link.Subscribe(pair.Silo.Topics.Of(device, Channel.Command), Delivery.Sample, (_, payload) =>
        {
            while (FrameCodec.TryRead(ref payload, out var frame, out FrameError _))
                heard?.Enqueue(frame.Header.Sequence);
        });
        await link.StartAsync(default);
        await Eventually.Holds($"{device}'s second path is connected", () => link.State == LinkState.Up);
        return link;
    }

    private static Task RefusedAsync(EndpointPair pair, string reason) => Eventually.Holds(
        $"it is refused, for it {reason}", () => pair.Silo.Logs.Of(Refused).Any(line => line.Message.Contains(reason, StringComparison.Ordinal)));
}
