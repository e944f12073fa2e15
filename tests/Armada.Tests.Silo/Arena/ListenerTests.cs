using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Arena;

/// <summary>What clients hear that execute, report and ask.</summary>
public sealed class ListenerTests(Broker broker) : IClassFixture<Broker>
{
    private const string Robot = "arm";

    [Fact]
    public async Task A_client_is_told_the_joints_before_anything_else()
    {
        await using var silo = await StartAsync();
        await using var driver = await DriveAsync(silo, "Rotation", 12);
        await using var page = await ArenaClient.MasterAsync(Url(silo), Robot);

        await page.HearsAsync("command");

        var first = page.Messages.First();
        Assert.Equal("joint_states", first["type"]!.GetValue<string>());
        var joints = first["data"]!["joints"]!.AsArray();
        Assert.Equal(["Rotation", "Pitch", "Elbow", "Wrist_Pitch", "Wrist_Roll", "Jaw"], joints.Select(joint => joint!["name"]!.GetValue<string>()));
        Assert.Equal([1, 2, 3, 4, 5, 6], joints.Select(joint => joint!["servo_id"]!.GetValue<int>()));
        Assert.All(joints, joint => Assert.Equal("revolute", joint!["type"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_status_request_is_answered_with_virtual_and_real_values()
    {
        await using var silo = await StartAsync();
        await using var page = await ArenaClient.SlaveAsync(Url(silo), Robot, "name=page");
        await using var driver = await DriveAsync(silo, "Jaw", 30);
        await page.HearsCommandAsync("Jaw", 30);

        await ReportAsync(page, "Jaw", 29.5);
        await page.SendAsync(new { type = "status_request", robot_id = Robot });

        await page.HearsAsync("joint_states", states => states["data"]!["joints"]!.AsArray().Any(joint =>
            joint!["name"]!.GetValue<string>() == "Jaw" && joint["virtual_value"]!.GetValue<double>() is 30 && joint["real_value"]?.GetValue<double>() is 29.5));
        Assert.Equal(0, page.CountOf("error"));
    }

    [Fact]
    public async Task What_a_client_reports_is_forwarded_to_the_master_endpoint()
    {
        await using var silo = await StartAsync();
        await using var page = await ArenaClient.MasterAsync(Url(silo), Robot);
        await using var other = await ArenaClient.MasterAsync(Url(silo), Robot, "name=other");

        await ReportAsync(other, "Rotation", 3);
        await other.SendAsync(new { type = "error", data = new { code = "servo", message = "servo 3 is hot" } });

        var status = await page.HearsAsync("slave_status");
        Assert.Equal("other", status["slave_id"]!.GetValue<string>());
        Assert.Equal(3, status["data"]!["joints"]![0]!["real_value"]!.GetValue<double>());
        Assert.Equal("servo 3 is hot", await page.HearsErrorAsync("servo"));
        Assert.Equal(0, other.CountOf("slave_status"));
    }

    [Fact]
    public async Task A_bound_slave_is_filled_by_the_client_of_its_name_with_its_own_joints()
    {
        await using var silo = await StartAsync();
        var binding = new SlaveBinding("page", SlaveKind.WebSocket, null, [new JointMapping("shoulder_pan", 7, "Base")]);
        Assert.Null((await Engine(silo).ApplyAsync(Robot, new RobotRequest.BindSlave(binding, false), default)).Refused);
        await using var page = await ArenaClient.SlaveAsync(Url(silo), Robot, "name=page");
        await using var driver = await DriveAsync(silo, "Rotation", 10);

        await page.HearsCommandAsync("Base", 17);
        await ReportAsync(page, "Base", 16);
        await Eventually.Holds("the report is taken, less the offset", () => Slave(silo, "page").Joints[0].Real is 9);
        Assert.Equal(SlaveState.Live, Slave(silo, "page").State);

        await page.DisconnectAsync();
        await Eventually.Holds("the slave has failed", () => Slave(silo, "page") is { State: SlaveState.Failed, Reason: not null });
    }

    [Fact]
    public async Task A_sequence_that_begins_is_told_to_those_who_listen()
    {
        await using var silo = await StartAsync();
        await using var page = await ArenaClient.MasterAsync(Url(silo), Robot);
        await using var player = await ArenaClient.SlaveAsync(Url(silo), Robot, "name=player");
        await player.CommandAsync("Rotation", 1);
        await player.HearsAsync("command_ack");

        await player.SendAsync(new
        {
            type = "sequence",
            data = new
            {
                id = "nod",
                name = "IdentifyMotion",
                commands = new[] { new { timestamp = 0, duration = 500, joints = new[] { new { name = "Wrist_Pitch", value = 4 } } } },
                loop = false,
                totalDuration = 600,
            },
        });

        var told = (await page.HearsAsync("sequence"))["data"]!;
        Assert.Equal(("IdentifyMotion", 600), (told["name"]!.GetValue<string>(), told["total_duration"]!.GetValue<int>()));
        Assert.Equal("Wrist_Pitch", told["commands"]![0]!["joints"]![0]!["name"]!.GetValue<string>());
        await page.HearsCommandAsync("Wrist_Pitch", 4);
        await player.HearsCommandAsync("Wrist_Pitch", 4);
        Assert.Equal(0, player.CountOf("sequence"));
        Assert.Equal(0, player.CountOf("error"));
    }

    [Fact]
    public async Task A_sequence_the_robot_cannot_play_is_refused_and_the_lease_kept()
    {
        await using var silo = await StartAsync();
        await using var player = await DriveAsync(silo, "Rotation", 1);

        await player.SendAsync(new
        {
            type = "sequence",
            data = new { commands = new[] { new { timestamp = 0, joints = new[] { new { name = "Tail", value = 4 } } } } },
        });

        Assert.Contains("Tail", await player.HearsErrorAsync("invalid"), StringComparison.Ordinal);
        await player.HearsAsync("command_ack", ack => !ack["data"]!["accepted"]!.GetValue<bool>());
        Assert.Equal("driver", (await Engine(silo).GetAsync(Robot, default))!.Master?.Name);
    }

    [Fact]
    public async Task A_demonstration_played_by_the_engine_is_told_with_its_content()
    {
        await using var silo = await StartAsync();
        await using var page = await ArenaClient.MasterAsync(Url(silo), Robot, "names=lerobot");
        var motion = new Armada.Core.Motions.SequenceMotion(Armada.Core.Motions.Demonstrations.All[0]);

        Assert.Null((await Engine(silo).ApplyAsync(Robot, new RobotRequest.Play(motion, true, false), default)).Refused);

        var told = (await page.HearsAsync("sequence"))["data"]!;
        Assert.Equal(motion.Name, told["id"]!.GetValue<string>());
        Assert.Equal("shoulder_pan", told["commands"]![0]!["joints"]![0]!["name"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_client_of_no_robot_is_told_so_and_closed()
    {
        await using var silo = await StartAsync();
        await using var page = await ArenaClient.MasterAsync(Url(silo), "nobody");

        Assert.Contains("nobody", await page.HearsErrorAsync("robot_unknown"), StringComparison.Ordinal);
        await page.ClosesWithAsync(4004);
    }

    [Fact]
    public async Task A_client_whose_robot_is_removed_is_told_so_and_closed()
    {
        await using var silo = await StartAsync();
        await using var page = await ArenaClient.MasterAsync(Url(silo), Robot);
        await page.HearsAsync("joint_states");

        await silo.SendAsync(HttpMethod.Delete, $"/api/v1/robots/{Robot}");

        await page.HearsErrorAsync("robot_unknown");
        await page.ClosesWithAsync(4004);
    }

    [Theory]
    [InlineData("name=a/b")]
    [InlineData("names=french")]
    [InlineData("takeover=maybe")]
    public async Task A_wrong_query_is_told_and_closed(string query)
    {
        await using var silo = await StartAsync();
        await using var page = await ArenaClient.MasterAsync(Url(silo), Robot, query);

        await page.HearsErrorAsync("invalid");
        await page.ClosesWithAsync(1008);
    }

    [Fact]
    public async Task A_name_that_is_connected_already_is_refused()
    {
        await using var silo = await StartAsync();
        await using var first = await ArenaClient.SlaveAsync(Url(silo), Robot, "name=page");
        await first.HearsAsync("joint_states");
        await using var second = await ArenaClient.SlaveAsync(Url(silo), Robot, "name=page");

        Assert.Contains("page", await second.HearsErrorAsync("name_taken"), StringComparison.Ordinal);
        await second.ClosesWithAsync(1008);
        Assert.False(first.HasEnded);
    }

    [Fact]
    public async Task A_plain_request_is_told_to_speak_websocket()
    {
        await using var silo = await StartAsync();

        using var answer = await silo.Http.GetAsync(new Uri($"/ws/master/{Robot}", UriKind.Relative));

        Assert.Equal(426, (int)answer.StatusCode);
        Assert.Contains("websocket-only", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_are_told_when_the_silo_stops()
    {
        var silo = await StartAsync();
        await using var page = await ArenaClient.MasterAsync(Url(silo), Robot);
        await page.HearsAsync("joint_states");

        await silo.DisposeAsync();

        await page.ClosesWithAsync(1001);
    }

    private async Task<RunningSilo> StartAsync()
    {
        var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync(Robot);
        return silo;
    }

    private static async Task<ArenaClient> DriveAsync(RunningSilo silo, string joint, double value)
    {
        var driver = await ArenaClient.SlaveAsync(Url(silo), Robot, "name=driver");
        await driver.CommandAsync(joint, value);
        await driver.HearsAsync("command_ack", ack => ack["data"]!["accepted"]!.GetValue<bool>());
        return driver;
    }

    private static Task ReportAsync(ArenaClient client, string joint, double real) => client.SendAsync(new
    {
        type = "slave_status",
        robot_id = Robot,
        data = new { joints = new[] { new { name = joint, virtual_value = 0, real_value = real } } },
    });

    private static SlaveSnapshot Slave(RunningSilo silo, string name) =>
        Engine(silo).GetAsync(Robot, default).AsTask().Result!.Slaves.Single(slave => slave.Binding.Name == name);

    private static Uri Url(RunningSilo silo) => silo.Http.BaseAddress!;

    private static IRobotEngine Engine(RunningSilo silo) => silo.Service<IRobotEngine>();
}
