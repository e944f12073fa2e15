using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Api;

/// <summary>Sequences, remote programs and the panel as what commands a robot, all over HTTP.</summary>
public sealed class MasterRouteTests(Broker broker) : IClassFixture<Broker>
{
    private const string Arm = "/api/v1/robots/arm";
    private const string Master = Arm + "/master";

    private static readonly object Once = new
    {
        name = "Once",
        total_duration = 600,
        commands = new[] { new { timestamp = 0, joints = new[] { new { name = "Rotation", value = 12 } }, duration = 500 } },
    };

    private static readonly object Pan = new { joints = new[] { new { name = "shoulder_pan", value = 5.5 } } };

    [Fact]
    public async Task A_sequence_plays_is_paused_sought_and_resumed()
    {
        await using var silo = await StartAsync();

        var playing = await silo.SendAsync(HttpMethod.Put, Master, new { type = "sequence", sequence = "gentle-wave" });
        Assert.Equal(("sequence", "gentle-wave"), (Text(playing!["type"]), Text(playing["name"])));
        Assert.Equal(6000, playing["playing"]!["duration_ms"]!.GetValue<double>());
        Assert.True(playing["playing"]!["loop"]!.GetValue<bool>());
        await VirtualAsync(silo, 0, pan => pan < -0.5);

        await silo.SendAsync(HttpMethod.Post, $"{Master}/pause");
        var sought = await silo.SendAsync(HttpMethod.Post, $"{Master}/seek", new { position_ms = 2000 });
        Assert.True(sought!["playing"]!["paused"]!.GetValue<bool>());
        Assert.Equal(2000, sought["playing"]!["position_ms"]!.GetValue<double>());
        await VirtualAsync(silo, 0, pan => pan == -10);
        var resumed = await silo.SendAsync(HttpMethod.Post, $"{Master}/resume");
        Assert.False(resumed!["playing"]!["paused"]!.GetValue<bool>());
        await VirtualAsync(silo, 4, roll => roll > 0.5);
        await silo.SendAsync(HttpMethod.Delete, Master);
        Assert.Equal((409, "nothing-plays"), await silo.AskAsync(HttpMethod.Post, $"{Master}/pause"));
    }

    [Fact]
    public async Task A_sequence_that_does_not_loop_ends_and_the_robot_is_in_manual_control_again()
    {
        await using var silo = await StartAsync();
        await silo.SendAsync(HttpMethod.Put, "/api/v1/sequences/once", Once);
        await silo.SendAsync(HttpMethod.Put, Master, new { type = "sequence", sequence = "once" });

        await Eventually.Holds("the sequence ends", () => silo.AskAsync(HttpMethod.Get, Master).GetAwaiter().GetResult().Problem == "master-none");

        await VirtualAsync(silo, 0, pan => pan == 12);
    }

    [Fact]
    public async Task Loop_is_the_players_to_say()
    {
        await using var silo = await StartAsync();
        await silo.SendAsync(HttpMethod.Put, "/api/v1/sequences/once", Once);

        var looped = await silo.SendAsync(HttpMethod.Put, Master, new { type = "sequence", sequence = "once", loop = true });

        Assert.True(looped!["playing"]!["loop"]!.GetValue<bool>());
    }

    [Fact]
    public async Task A_sequence_that_does_not_fit_is_refused_with_joint_time_and_limit()
    {
        await using var silo = await StartAsync();
        var joints = new[] { new { name = "gripper", value = -5 } };
        await silo.SendAsync(
            HttpMethod.Put, "/api/v1/sequences/wide", new { name = "Wide", commands = new[] { new { timestamp = 250, joints } }, total_duration = 300 });

        Assert.Equal((422, "invalid"), await silo.AskAsync(HttpMethod.Put, Master, new { type = "sequence", sequence = "wide" }));
        Assert.Equal((404, "sequence-unknown"), await silo.AskAsync(HttpMethod.Put, Master, new { type = "sequence", sequence = "none" }));
        Assert.Equal((404, "master-none"), await silo.AskAsync(HttpMethod.Get, Master));
    }

    [Fact]
    public async Task A_remote_program_gets_an_epoch_commands_with_it_and_lives_by_heartbeats()
    {
        await using var silo = await StartAsync();
        var epoch = await AttachAsync(silo, "policy");

        Assert.Equal((204, null), await CommandAsync(silo, "policy", epoch, 7));
        await VirtualAsync(silo, 0, pan => pan == 7);
        Assert.Equal((204, null), await HeartbeatAsync(silo, "policy", epoch));
        Assert.Equal(epoch, await AttachAsync(silo, "policy"));
        Assert.Equal((409, "not-master"), await CommandAsync(silo, "policy", epoch - 1, 9));
        Assert.Equal((409, "not-master"), await CommandAsync(silo, "other", epoch, 9));
        await Eventually.Holds("it falls silent and loses the lease", () => MasterState(silo) != "live");
        Assert.Equal((409, "not-master"), await HeartbeatAsync(silo, "policy", epoch));
        Assert.True(await AttachAsync(silo, "policy") > epoch, "the epoch did not rise");
    }

    [Fact]
    public async Task A_taken_over_programs_epoch_is_dead()
    {
        await using var silo = await StartAsync();
        var epoch = await AttachAsync(silo, "first");

        Assert.Equal((409, "master-held"), await silo.AskAsync(HttpMethod.Put, Master, new { type = "remote", name = "second" }));
        var taken = await silo.SendAsync(HttpMethod.Put, Master, new { type = "remote", name = "second", takeover = true });

        Assert.True(taken!["epoch"]!.GetValue<uint>() > epoch, "the epoch did not rise");
        Assert.Equal((409, "not-master"), await CommandAsync(silo, "first", epoch, 9));
        Assert.Equal((204, null), await CommandAsync(silo, "second", taken["epoch"]!.GetValue<uint>(), 9));
    }

    [Fact]
    public async Task Only_the_caller_that_attached_a_program_commands_as_it()
    {
        await using var silo = await StartAsync();
        var admin = await silo.MakeKeyAsync("root", "admin");
        silo.UseKey(admin);
        var (mine, theirs) = (await silo.MakeKeyAsync("mine", "operator"), await silo.MakeKeyAsync("theirs", "operator"));
        silo.UseKey(mine);
        var epoch = await AttachAsync(silo, "policy");

        silo.UseKey(theirs);
        Assert.Equal((409, "not-master"), await CommandAsync(silo, "policy", epoch, 9));
        Assert.Equal((409, "not-master"), await HeartbeatAsync(silo, "policy", epoch));
        Assert.Equal((409, "master-held"), await silo.AskAsync(HttpMethod.Put, Master, new { type = "remote", name = "policy" }));
        silo.UseKey(mine);
        Assert.Equal((204, null), await CommandAsync(silo, "policy", epoch, 9));
    }

    [Fact]
    public async Task The_panel_commands_until_a_master_is_attached()
    {
        await using var silo = await StartAsync();
        Assert.Equal((204, null), await silo.AskAsync(HttpMethod.Post, $"{Arm}/command", Pan));
        Assert.True((await silo.GetAsync(Arm))["manual"]!.GetValue<bool>());
        await VirtualAsync(silo, 0, pan => pan == 5.5);

        await silo.SendAsync(HttpMethod.Put, Master, new { type = "sequence", sequence = "tiny-flex" });

        Assert.Equal((409, "panel-locked"), await silo.AskAsync(HttpMethod.Post, $"{Arm}/command", Pan));
        await silo.PostAsync("/robots/arm/stop");
        Assert.Equal((409, "stopped"), await silo.AskAsync(HttpMethod.Post, $"{Master}/resume"));
    }

    [Fact]
    public async Task A_command_takes_the_time_it_is_given()
    {
        await using var silo = await StartAsync();

        await silo.SendAsync(
            HttpMethod.Post, $"{Arm}/command", new { joints = new[] { new { name = "shoulder_pan", value = 100 } }, duration_ms = 3_600_000 });
        var state = await silo.GetAsync($"{Arm}/state");

        Assert.Equal(100, state["joints"]![0]!["commanded"]!.GetValue<double>());
        Assert.True(state["joints"]![0]!["virtual"]!.GetValue<double>() < 1, "it went faster than it was told");
    }

    [Fact]
    public async Task Every_wrong_field_of_a_master_or_command_is_named()
    {
        await using var silo = await StartAsync();
        foreach (var (method, path, body, field) in new[]
        {
            ("PUT", Master, """{"type":"remote"}""", "name"),
            ("PUT", Master, """{"type":"remote","name":"a b"}""", "name"),
            ("PUT", Master, """{"type":"remote","name":"a","device":"b"}""", "device"),
            ("PUT", Master, """{"type":"sequence"}""", "sequence"),
            ("PUT", Master, """{"type":"sequence","sequence":"../robots/arm"}""", "sequence"),
            ("PUT", Master, """{"type":"device","device":"a","loop":true}""", "loop"),
            ("POST", $"{Arm}/command", """{"joints":[]}""", "joints"),
            ("POST", $"{Arm}/command", """{"joints":[null]}""", "joints[0]"),
            ("POST", $"{Arm}/command", """{"joints":[{"name":"Jaw","value":1},{"name":"gripper","value":1}]}""", "joints[1].name"),
            ("POST", $"{Arm}/command", """{"joints":[{"name":"Jaw","value":1000}]}""", "joints[0].value"),
            ("POST", $"{Arm}/command", """{"joints":[{"name":"Jaw","value":1}],"duration_ms":-1}""", "duration_ms"),
            ("POST", $"{Arm}/command", """{"joints":[{"name":"Jaw","value":1}],"duration_ms":1e300}""", "duration_ms"),
            ("POST", $"{Master}/command", """{"name":"a","epoch":-1,"joints":[]}""", "epoch"),
        })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(body, null, "application/json") };
            using var response = await silo.Http.SendAsync(request);
            var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            Assert.True(problem["errors"]?.AsObject().ContainsKey(field) == true, $"{method} {path} {body}: {problem} does not name {field}");
        }

        Assert.Equal((422, "invalid"), await silo.AskAsync(
            HttpMethod.Post, $"{Arm}/command", new { joints = new[] { new { name = "tail", value = 1 } } }));
        Assert.Equal((422, "invalid"), await silo.AskAsync(HttpMethod.Post, $"{Master}/seek", new { position_ms = "now" }));
        Assert.Equal((404, "robot-unknown"), await silo.AskAsync(HttpMethod.Post, "/api/v1/robots/none/command", Pan));
        Assert.Equal((404, "robot-unknown"), await silo.AskAsync(
            HttpMethod.Post, "/api/v1/robots/none/master/heartbeat", new { name = "a", epoch = 1 }));
    }

    private async Task<RunningSilo> StartAsync()
    {
        var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");
        return silo;
    }

    private static async Task<uint> AttachAsync(RunningSilo silo, string name) =>
        (await silo.SendAsync(HttpMethod.Put, Master, new { type = "remote", name }))!["epoch"]!.GetValue<uint>();

    private static Task<(int Status, string? Problem)> CommandAsync(RunningSilo silo, string name, uint epoch, double pan) =>
        silo.AskAsync(HttpMethod.Post, $"{Master}/command", new { name, epoch, joints = new[] { new { name = "Rotation", value = pan } } });

    private static Task<(int Status, string? Problem)> HeartbeatAsync(RunningSilo silo, string name, uint epoch) =>
        silo.AskAsync(HttpMethod.Post, $"{Master}/heartbeat", new { name, epoch });

    private static string? MasterState(RunningSilo silo) =>
        silo.GetAsync(Arm).GetAwaiter().GetResult()["master"]?["state"]?.GetValue<string>();

    private static Task VirtualAsync(RunningSilo silo, int joint, Func<double, bool> wanted) => Eventually.Holds(
        $"the virtual joint {joint} is where it should be",
        () => silo.GetAsync($"{Arm}/state").GetAwaiter().GetResult()["joints"]![joint]!["virtual"] is { } at && wanted(at.GetValue<double>()));

    private static string Text(JsonNode? node) => node!.GetValue<string>();
}
