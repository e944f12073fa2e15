using System.Text.Json.Nodes;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Tests.Silo.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Tests.Silo.Api;

public sealed class SlaveRouteTests(Broker broker) : IClassFixture<Broker>
{
    private const string Slaves = "/api/v1/robots/arm/slaves";

    public static TheoryData<string, string> WrongFields => new()
    {
        { """{"type":"ghost","name":"a"}""", "type" },
        { """{"type":"websocket"}""", "name" },
        { """{"type":"websocket","name":"a/b"}""", "name" },
        { """{"type":"websocket","name":"a","device":"b"}""", "device" },
        { """{"type":"micropython","name":"a"}""", "device" },
        { """{"type":"remote","name":"a"}""", "url" },
        { """{"type":"websocket","name":"a","url":"ws://h/ws/slave/x"}""", "url" },
        { """{"type":"device","device":"a","offsets":{"tail":1}}""", "offsets.tail" },
        { """{"type":"device","device":"a","offsets":{"Jaw":1,"gripper":1}}""", "offsets.gripper" },
        { """{"type":"websocket","name":"a","joint_names":{"tail":"x"}}""", "joint_names.tail" },
        { """{"type":"websocket","name":"a","joint_names":{"Jaw":null}}""", "joint_names.Jaw" },
    };

    [Fact]
    public async Task Every_kind_of_slave_is_bound_shown_and_survives_a_restart()
    {
        await using var silo = await StartAsync();
        await silo.SendAsync(HttpMethod.Post, Slaves, new { type = "device", device = "follower", offsets = new Dictionary<string, double> { ["Rotation"] = -2.5 } });
        await silo.SendAsync(HttpMethod.Post, Slaves, new { type = "micropython", device = "xiao" });
        await silo.SendAsync(
            HttpMethod.Post, Slaves, new { type = "websocket", name = "twin", joint_names = new { gripper = "claw" } });
        await silo.SendAsync(
            HttpMethod.Post, Slaves, new { type = "remote", name = "far", url = "wss://far.example/ws/slave/arm", offsets = new { gripper = 1, elbow_flex = 0 } });

        for (var time = 0; time < 2; time++)
        {
            var slaves = (await silo.GetAsync(Slaves))["items"]!.AsArray();
            Assert.Equal(
                ["remote far", "device follower", "websocket twin", "micropython xiao"],
                slaves.Select(slave => $"{slave!["type"]} {slave["name"]}"));
            Assert.Equal("wss://far.example/ws/slave/arm", slaves[0]!["url"]!.GetValue<string>());
            Assert.Equal("""{"gripper":1}""", slaves[0]!["offsets"]!.ToJsonString());
            Assert.Equal("""{"shoulder_pan":-2.5}""", slaves[1]!["offsets"]!.ToJsonString());
            Assert.Equal("""{"gripper":"claw"}""", slaves[2]!["joint_names"]!.ToJsonString());
            Assert.All(slaves, slave => Assert.False(slave!["unbound"]!.GetValue<bool>()));
            await silo.StopAsync();
            await silo.StartAsync();
        }
    }

    [Fact]
    public async Task A_slave_bound_again_with_other_settings_has_them()
    {
        await using var silo = await StartAsync();
        Assert.Equal((201, null), await silo.AskAsync(HttpMethod.Post, Slaves, new { type = "device", device = "follower" }));
        Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Post, Slaves, new { type = "device", device = "follower" }));

        var slave = await silo.SendAsync(HttpMethod.Post, Slaves, new { type = "device", device = "follower", offsets = new { gripper = 3 } });

        Assert.Equal(3, slave!["offsets"]!["gripper"]!.GetValue<double>());
        Assert.Equal((422, "invalid"), await silo.AskAsync(
            HttpMethod.Post, Slaves, new { type = "device", device = "follower", offsets = new { gripper = 181 } }));
        Assert.Equal((422, "invalid"), await silo.AskAsync(
            HttpMethod.Post, Slaves, new { type = "device", device = "follower", joint_names = new { gripper = "claw" } }));
        Assert.Equal((422, "invalid"), await silo.AskAsync(
            HttpMethod.Post, Slaves, new { type = "remote", name = "far", url = "http://far.example/" }));
        Assert.Equal((409, "name-taken"), await silo.AskAsync(HttpMethod.Post, Slaves, new { type = "websocket", name = "follower" }));
    }

    [Fact]
    public async Task A_guest_is_listed_as_one_and_its_joints_are_in_the_state()
    {
        await using var silo = await StartAsync();
        var engine = silo.Services.GetRequiredService<IRobotEngine>();
        await engine.ConnectAsync("arm", new UnboundSlave("visitor"), CancellationToken.None);
        await engine.ApplyAsync("arm", new RobotRequest.JoinSlave("visitor"), CancellationToken.None);
        await engine.ApplyAsync(
            "arm", new RobotRequest.SlaveReport("visitor", [new JointReading("Jaw", 40)]), CancellationToken.None);

        var guest = Assert.Single((await silo.GetAsync(Slaves))["items"]!.AsArray());
        var state = await silo.GetAsync("/api/v1/robots/arm/state");

        Assert.True(guest!["unbound"]!.GetValue<bool>());
        Assert.Equal("visitor", (await silo.GetAsync($"{Slaves}/visitor"))["name"]!.GetValue<string>());
        Assert.Equal(40, state["slaves"]![0]!["joints"]![5]!["real"]!.GetValue<double>());
        Assert.Equal(40, state["joints"]![5]!["real"]!.GetValue<double>());
        Assert.NotNull(state["joints"]![5]!["real_at"]);
    }

    [Fact]
    public async Task The_state_shows_offset_rest_limits_and_times_of_every_joint()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.SendAsync(
            HttpMethod.Put, "/api/v1/robots/arm", new { model = "so101", joints = new[] { new { name = "Jaw", min = 10, max = 60, rest = 20 } } });
        await silo.SendAsync(HttpMethod.Post, Slaves, new { type = "websocket", name = "twin", offsets = new { gripper = 4 } });
        var engine = silo.Services.GetRequiredService<IRobotEngine>();
        await engine.ConnectAsync("arm", new UnboundSlave("twin"), CancellationToken.None);
        await engine.ApplyAsync("arm", new RobotRequest.JoinSlave("twin"), CancellationToken.None);
        await engine.ApplyAsync("arm", new RobotRequest.SlaveReport("twin", [new JointReading("gripper", 34)]), CancellationToken.None);
        await silo.SendAsync(
            HttpMethod.Post, "/api/v1/robots/arm/command", new { joints = new[] { new { name = "gripper", value = 300 } } });

        var gripper = (await silo.GetAsync("/api/v1/robots/arm/state"))["joints"]![5]!;

        Assert.Equal((30, 4), (Number(gripper["real"]), Number(gripper["offset"])));
        Assert.Equal((20, 10, 60), (Number(gripper["rest"]), Number(gripper["min"]), Number(gripper["max"])));
        Assert.Equal(300, Number(gripper["commanded"]));
        Assert.InRange(Number(gripper["virtual"]), 10, 60);
        foreach (var time in new[] { "commanded_at", "virtual_at", "real_at" })
            Assert.NotNull(gripper[time]);
    }

    [Fact]
    public async Task Every_wrong_field_is_named()
    {
        await using var silo = await StartAsync();
        foreach (var row in WrongFields)
        {
            using var content = new StringContent((string)row[0], null, "application/json");
            using var response = await silo.Http.PostAsync(new Uri(Slaves, UriKind.Relative), content);
            var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            Assert.True(problem["errors"]?.AsObject().ContainsKey((string)row[1]) == true, $"{row[0]}: {problem} does not name {row[1]}");
        }
    }

    private async Task<RunningSilo> StartAsync()
    {
        var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");
        return silo;
    }

    private static double Number(JsonNode? node) => node!.GetValue<double>();

    private sealed class UnboundSlave(string name) : IRobotSession
    {
        public string Name => name;

        public void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions)
        {
        }

        public void OnEvent(RobotEvent note)
        {
        }

        public void OnGone(string reason)
        {
        }
    }
}
