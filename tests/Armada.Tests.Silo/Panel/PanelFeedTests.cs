using System.Net;
using System.Text.Json.Nodes;
using Armada.Silo.Panel;
using Armada.Silo.Sockets;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Panel;

public sealed class PanelFeedTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task The_first_message_is_a_snapshot_in_the_words_of_the_REST_API()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");
        await silo.BindSlaveAsync("arm", "follower");

        await using var subscriber = await PanelClient.WatchAsync(silo);

        var snapshot = subscriber.Messages.First();
        Assert.Equal("snapshot", PanelClient.TypeOf(snapshot));
        Assert.True(JsonNode.DeepEquals(await silo.GetAsync("/api/v1/fleet"), snapshot["fleet"]), snapshot["fleet"]!.ToJsonString());
        var robot = Assert.Single(snapshot["robots"]!.AsArray())!;
        Assert.True(JsonNode.DeepEquals(await silo.GetAsync("/api/v1/robots/arm"), robot["robot"]), robot.ToJsonString());
        Assert.Equal("follower", robot["state"]!["slaves"]![0]!["name"]!.GetValue<string>());
        Assert.Equal(6, robot["state"]!["joints"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_subscriber_sees_who_commands_and_where_the_joints_go()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        await using var subscriber = await PanelClient.WatchAsync(pair.Silo);

        pair.Leader.Pose = [12.5, 0, 0, 0, 0, 0];
        pair.Follower.Pose = [3, 0, 0, 0, 0, 0];

        await Eventually.Holds("the leader's pose is seen", () => Joint(subscriber, "commanded") == 12.5 && Joint(subscriber, "virtual") == 12.5);
        var state = subscriber.StateOf(ArmPair.Robot)!;
        Assert.Equal("leader", state["master"]!["name"]!.GetValue<string>());
        Assert.Equal("live", state["master"]!["state"]!.GetValue<string>());
        await Eventually.Holds("the follower is seen live", () => SlaveState(subscriber) == "live");
        await Eventually.Holds(
            "the link's and the router's figures are seen",
            () => subscriber.Fleet["masters_live"]!.GetValue<int>() == 1 && subscriber.Fleet["frames_routed"]!.GetValue<long>() > 0);
    }

    [Fact]
    public async Task A_stop_is_seen_and_so_is_its_reset()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");
        await using var subscriber = await PanelClient.WatchAsync(silo);

        await silo.PostAsync("/robots/arm/stop");
        await Eventually.Holds("the robot's stop is seen", () => Is(subscriber, "arm", "stopped"));
        await silo.PostAsync("/fleet/stop");
        await Eventually.Holds("the fleet's stop is seen", () => Is(subscriber, "arm", "fleet_stopped") && subscriber.Fleet["stopped"]!.GetValue<bool>());
        await silo.PostAsync("/robots/arm/reset");
        await silo.PostAsync("/fleet/reset");
        await Eventually.Holds("both are seen released", () => !Is(subscriber, "arm", "stopped") && !Is(subscriber, "arm", "fleet_stopped"));
    }

    [Fact]
    public async Task Nothing_is_sent_while_nothing_changes_and_a_robot_comes_whole_only_when_it_was_changed()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");
        await silo.MakeRobotAsync("other");
        await using var subscriber = await PanelClient.WatchAsync(silo);
        var feed = silo.Service<PanelFeed>();
        var looks = feed.Polls;
        await Eventually.Holds("the fleet is looked at several times", () => feed.Polls > looks + 5);
        Assert.Equal(1, subscriber.Samples);

        await silo.PostAsync("/fleet/stop");
        await Eventually.Holds("the fleet's stop is seen", () => Is(subscriber, "arm", "fleet_stopped") && Is(subscriber, "other", "fleet_stopped"));
        await silo.SendAsync(HttpMethod.Put, "/api/v1/robots/arm", new { model = "so101", joints = new[] { new { name = "gripper", max = 50 } } });
        await Eventually.Holds("the changed limit is seen", () => subscriber.Messages.Skip(1).Any(message => Whole(message).Any()));

        Assert.Equal(["arm"], subscriber.Messages.Skip(1).SelectMany(Whole).Select(robot => robot["id"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_subscriber_that_fails_ends_the_feed_for_nobody()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        silo.Logs.Expect(1900);
        var feed = silo.Service<PanelFeed>();
        var failures = 0;
        var failing = new PanelSubscriber(SubscriberRequest.Default, feed)
        {
            NotifySocket = () => throw new InvalidOperationException($"failure {Interlocked.Increment(ref failures)}"),
        };
        feed.Add(failing);
        await Eventually.Holds("it was offered a snapshot again after it failed", () => Volatile.Read(ref failures) > 1);
        feed.Remove(failing);

        await using var subscriber = await PanelClient.WatchAsync(silo);
        await silo.MakeRobotAsync("arm");
        await Eventually.Holds("the new robot is seen", () => subscriber.Ids() is ["arm"]);
    }

    [Fact]
    public async Task Robots_made_and_removed_are_seen()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("first");
        await using var subscriber = await PanelClient.WatchAsync(silo);

        await silo.MakeRobotAsync("second");
        await Eventually.Holds("the new robot is seen", () => subscriber.Ids() is ["first", "second"]);
        await silo.SendAsync(HttpMethod.Delete, "/api/v1/robots/first");
        await Eventually.Holds("the removed robot is gone", () => subscriber.Ids() is ["second"]);
    }

    [Fact]
    public async Task A_subscriber_that_names_robots_is_sent_no_other()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("seen");
        await silo.MakeRobotAsync("other");
        await using var subscriber = await PanelClient.WatchAsync(silo, "robots=seen,later");
        await using var all = await PanelClient.WatchAsync(silo);

        await silo.MakeRobotAsync("later");
        await silo.PostAsync("/robots/other/stop");
        await silo.SendAsync(HttpMethod.Delete, "/api/v1/robots/other");
        await silo.SendAsync(HttpMethod.Delete, "/api/v1/robots/seen");
        await Eventually.Holds("its own robots are seen", () => subscriber.Ids() is ["later"] && all.Ids() is ["later"]);

        Assert.DoesNotContain(subscriber.Messages, message => message.ToJsonString().Contains("other", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("rate=0.1", "rate")]
    [InlineData("rate=21", "rate")]
    [InlineData("rate=NaN", "rate")]
    [InlineData("rate=", "rate")]
    [InlineData("rate=1&rate=2", "rate")]
    [InlineData("robots=", "robots")]
    [InlineData("robots=a,b%2Fc", "robots")]
    public async Task A_wrong_address_is_refused_by_the_name_of_what_is_wrong(string query, string name)
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/ws/panel?{query}");
        foreach (var (header, value) in new[]
        {
            ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
        })
            request.Headers.TryAddWithoutValidation(header, value);

        using var response = await silo.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.NotNull(JsonNode.Parse(await response.Content.ReadAsStringAsync())!["errors"]![name]);
    }

    [Fact]
    public async Task A_request_that_is_no_WebSocket_is_told_so()
    {
        await using var silo = await RunningSilo.StartAsync(broker);

        using var response = await silo.Http.GetAsync(new Uri("/ws/panel", UriKind.Relative));

        Assert.Equal(HttpStatusCode.UpgradeRequired, response.StatusCode);
        Assert.Contains("urn:armada:problem:websocket-only", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silo_that_stops_closes_its_subscribers()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await using var subscriber = await PanelClient.WatchAsync(silo);

        await silo.StopAsync();

        await Eventually.Holds("the watcher is closed with 1001", () => subscriber.ClosedWith == SocketClose.GoingAway);
        await silo.StartAsync();
    }

    [Fact]
    public async Task The_fleet_is_not_polled_without_subscribers()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var feed = silo.Service<PanelFeed>();
        await using (await PanelClient.WatchAsync(silo))
        {
            await using var other = await PanelClient.WatchAsync(silo);
            Assert.Equal(2, feed.Subscribers);
        }

        await Eventually.Holds("nobody watches and nobody looks", () => feed.Subscribers == 0 && !feed.IsPolling);
        await using var again = await PanelClient.WatchAsync(silo);
        Assert.True(feed.IsPolling);
    }

    private static double? Joint(PanelClient subscriber, string value) =>
        subscriber.StateOf(ArmPair.Robot)!["joints"]![0]![value]?.GetValue<double>();

    private static string SlaveState(PanelClient subscriber) =>
        subscriber.StateOf(ArmPair.Robot)!["slaves"]![0]!["state"]!.GetValue<string>();

    private static bool Is(PanelClient subscriber, string robot, string what) => subscriber.StateOf(robot)![what]!.GetValue<bool>();

    private static IEnumerable<JsonNode> Whole(JsonNode message) =>
        message["robots"]!.AsArray().Where(robot => robot!["robot"] is not null).Select(robot => robot!);
}
