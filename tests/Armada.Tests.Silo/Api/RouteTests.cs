using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Api;

public sealed class RouteTests(Broker broker) : IClassFixture<Broker>
{
    private static readonly string[] Paths =
    [
        "/api/v1/robots", "/api/v1/robots/{id}", "/api/v1/robots/{id}/state", "/api/v1/robots/{id}/master", "/api/v1/robots/{id}/slaves",
        "/api/v1/robots/{id}/slaves/{slave}", "/api/v1/robots/{id}/command", "/api/v1/robots/{id}/master/command",
        "/api/v1/robots/{id}/master/heartbeat", "/api/v1/robots/{id}/master/pause", "/api/v1/robots/{id}/master/resume",
        "/api/v1/robots/{id}/master/seek", "/api/v1/sequences", "/api/v1/sequences/{id}", "/api/v1/robots/{id}/stop", "/api/v1/robots/{id}/reset", "/api/v1/fleet",
        "/api/v1/fleet/stop", "/api/v1/fleet/reset", "/api/v1/keys", "/api/v1/keys/{id}", "/api/v1/devices", "/api/v1/devices/{id}", "/api/v1/devices/{id}/rotate", "/api/v1/devices/{id}/tap", "/api/v1/devices/{id}/joints/{joint}/recover", "/api/v1/devices/{id}/certificates/{fingerprint}",
        "/api/v1/bundles/{secret}", "/api/v1/authorities", "/api/v1/authorities/{id}", "/api/v1/authorities/{id}/crl", "/api/v1/enrollment-tokens", "/api/v1/enrollment-tokens/{id}", "/api/v1/enrollments", "/api/v1/audit", "/healthz", "/readyz",
    ];

    [Fact]
    public async Task The_OpenAPI_document_names_every_route_with_a_summary_and_its_problems()
    {
        await using var silo = await RunningSilo.StartAsync(broker);

        var paths = (await silo.GetAsync("/openapi/v1.json"))["paths"]!.AsObject();

        Assert.Equal(Paths.Order(StringComparer.Ordinal), paths.Select(path => path.Key).Order(StringComparer.Ordinal));
        foreach (var (path, operations) in paths)
        {
            foreach (var (method, operation) in operations!.AsObject())
                Assert.False(string.IsNullOrEmpty(operation!["summary"]?.GetValue<string>()), $"{method} {path} has no summary");
        }

        var held = paths["/api/v1/robots/{id}/master"]!["put"]!["responses"]!["409"]!["description"]!.GetValue<string>();
        Assert.Contains("urn:armada:problem:master-held", held, StringComparison.Ordinal);
        Assert.Contains("urn:armada:problem:device-busy", held, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_joint_is_recovered_by_its_device_which_may_refuse_or_be_offline()
    {
        const string Recover = "/api/v1/devices/follower/joints/gripper/recover";
        await using var silo = await RunningSilo.StartAsync(broker);
        await using var follower = await broker.ConnectAsync(silo.Topics, "follower");

        await silo.SendAsync(HttpMethod.Post, Recover);
        Assert.Equal("gripper", Assert.Single(follower.Controls, control => control.Op == ControlOp.Recover).Joint);

        follower.Refusal = "gripper does not recover";
        Assert.Equal((409, "device-refused"), await silo.AskAsync(HttpMethod.Post, Recover));

        follower.Say(online: false);
        await Eventually.HoldsAsync(
            "the silo knows that it is offline", async () => await silo.AskAsync(HttpMethod.Post, Recover) == (504, "device-silent"));
    }

    [Fact]
    public async Task Asked_again_a_robot_and_its_bindings_are_the_same()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        for (var time = 0; time < 2; time++)
        {
            await silo.MakeRobotAsync("arm");
            await silo.BindMasterAsync("arm", "leader");
            await silo.BindSlaveAsync("arm", "follower");
        }

        Assert.Single((await silo.GetAsync("/api/v1/robots"))["items"]!.AsArray());
        Assert.Single((await silo.GetAsync("/api/v1/robots/arm/slaves"))["items"]!.AsArray());
    }

    [Fact]
    public async Task PUT_makes_a_robot_and_then_changes_its_limits()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.SendAsync(HttpMethod.Put, "/api/v1/robots/arm", new { model = "so101" });

        var robot = await silo.SendAsync(
            HttpMethod.Put,
            "/api/v1/robots/arm",
            new { model = "so101", joints = new[] { new { name = "wrist_flex", min = -30, max = 40.5, max_velocity = 90, rest = 5 } } });

        var joint = robot!["joints"]!.AsArray().Single(joint => joint!["name"]!.GetValue<string>() == "wrist_flex")!;
        Assert.Equal(40.5, joint["max"]!.GetValue<double>());
        Assert.Equal(90, joint["max_velocity"]!.GetValue<double>());
        Assert.True(JsonNode.DeepEquals(robot, await silo.GetAsync("/api/v1/robots/arm")));
    }

    [Fact]
    public async Task State_shows_commanded_virtual_and_real_of_every_joint()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        pair.Leader.Pose = [500, 0, 0, 0, 0, 0];
        pair.Follower.Pose = [3, 0, 0, 0, 0, 0];
        await pair.Follower.CommandedAsync("the pose is commanded, within limits", command => command.Positions[0] > 20);

        var state = await pair.Silo.GetAsync("/api/v1/robots/arm/state");

        Assert.Equal(327.67, state["joints"]![0]!["commanded"]!.GetValue<double>());
        Assert.Equal(110, state["joints"]![0]!["virtual"]!.GetValue<double>());
        var joint = state["slaves"]![0]!["joints"]![0]!;
        Assert.Equal(3, joint["real"]!.GetValue<double>());
        Assert.Equal(3 - joint["commanded"]!.GetValue<double>(), joint["deviation"]!.GetValue<double>(), 6);
        Assert.NotEqual(JsonValueKind.Null, state["slaves"]![0]!["real_at"]!.GetValueKind());
    }

    [Fact]
    public async Task Health_and_readiness_are_told_apart()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await broker.Mosquitto.StopAsync();
        await Eventually.Holds("the silo is not ready without its broker", () => !silo.IsReady);

        using var response = await silo.Http.GetAsync(new Uri("/readyz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.False(body["link_up"]!.GetValue<bool>());
        Assert.True(body["store_loaded"]!.GetValue<bool>());
        Assert.True((await silo.Http.GetAsync(new Uri("/healthz", UriKind.Relative))).IsSuccessStatusCode);
        await broker.Mosquitto.RestartAsync();
    }

    [Fact]
    public async Task The_fleet_shows_what_was_routed_and_dropped()
    {
        await using var pair = await ArmPair.StartAsync(broker);

        pair.Leader.SendRaw([FrameCodec.Version]);
        JsonNode fleet = null!;
        await Eventually.HoldsAsync("the malformed frame is counted", async () =>
        {
            fleet = await pair.Silo.GetAsync("/api/v1/fleet");
            return fleet["frames_dropped"]!["truncated"] is not null;
        });

        Assert.Equal(1, fleet["masters_live"]!.GetValue<int>());
        Assert.True(fleet["link_up"]!.GetValue<bool>());
        Assert.True(fleet["frames_routed"]!.GetValue<long>() > 0);
        Assert.Equal(1, fleet["frames_dropped"]!["truncated"]!.GetValue<long>());
    }
}
