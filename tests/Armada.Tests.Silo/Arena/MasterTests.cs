using System.Text.Json.Nodes;
using Armada.Core.Engine;
using Armada.Silo.Arena;
using Armada.Testing;
using Armada.Tests.Silo.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Tests.Silo.Arena;

/// <summary>Who commands through the doors, how they lose it, and what they are told.</summary>
public sealed class MasterTests(Broker broker) : IClassFixture<Broker>
{
    private const string Robot = "arm";

    [Fact]
    public async Task A_clients_first_command_makes_it_master_and_moves_the_robot()
    {
        await using var silo = await StartAsync();
        await using var page = await ArenaClient.MasterAsync(Url(silo), Robot);
        await using var driver = await ArenaClient.SlaveAsync(Url(silo), Robot, "name=driver");

        await driver.CommandAsync("Rotation", 20);

        Assert.True((await driver.HearsAsync("command_ack"))["data"]!["accepted"]!.GetValue<bool>());
        await page.HearsCommandAsync("Rotation", 20);
        var status = (await page.HearsAsync("status", status => status["data"]!["master_connected"]!.GetValue<bool>()))["data"]!;
        Assert.Equal(("driver", false), (status["master"]!.GetValue<string>(), status["is_master"]!.GetValue<bool>()));
        Assert.True((await driver.HearsAsync("status"))["data"]!["is_master"]!.GetValue<bool>());
        Assert.Equal(0, driver.CountOf("command"));
    }

    [Theory]
    [InlineData("shoulder_pan")]
    [InlineData("Rotation")]
    public async Task Both_families_of_joint_names_are_understood(string joint)
    {
        await using var silo = await StartAsync();
        await using var page = await ArenaClient.MasterAsync(Url(silo), Robot, "names=lerobot");
        await using var driver = await ArenaClient.MasterAsync(Url(silo), Robot);

        await driver.CommandAsync(joint, -15);

        await page.HearsCommandAsync("shoulder_pan", -15);
        Assert.Equal(0, driver.CountOf("command_ack"));
    }

    [Fact]
    public async Task A_second_master_is_refused_with_the_holders_name()
    {
        await using var silo = await StartAsync();
        await using var first = await MasterAsync(silo, "first");
        await using var second = await ArenaClient.SlaveAsync(Url(silo), Robot, "name=second");

        await second.CommandAsync("Rotation", -20);

        var ack = (await second.HearsAsync("command_ack"))["data"]!;
        Assert.False(ack["accepted"]!.GetValue<bool>());
        Assert.Contains("first", ack["reason"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("first", await second.HearsErrorAsync("master_held"), StringComparison.Ordinal);
        Assert.Equal("first", await MasterOfAsync(silo));
    }

    [Fact]
    public async Task A_master_that_is_taken_over_is_told_by_whom_and_closed()
    {
        await using var silo = await StartAsync();
        await using var first = await MasterAsync(silo, "first", "takeover=true");
        await using var second = await MasterAsync(silo, "second", "takeover=true");

        Assert.Contains("second", await first.HearsErrorAsync("taken_over"), StringComparison.Ordinal);
        await first.HearsAsync("status", status => status["data"]!["master"]?.GetValue<string>() == "second");
        await first.ClosesWithAsync(4009);
        Assert.Equal("second", await MasterOfAsync(silo));
    }

    [Fact]
    public async Task Two_clients_that_always_take_over_do_not_take_turns()
    {
        await using var silo = await StartAsync();
        await using var first = await MasterAsync(silo, "first", "takeover=true");
        await using var second = await ArenaClient.SlaveAsync(Url(silo), Robot, "name=second&takeover=true");

        for (var command = 0; command < 50 && !first.HasEnded; command++)
        {
            await second.CommandAsync("Rotation", command);
            await IgnoringLossAsync(() => first.CommandAsync("Rotation", -command));
        }

        await first.ClosesWithAsync(4009);
        Assert.Equal("second", await MasterOfAsync(silo));
        Assert.False(second.HasEnded);
    }

    [Fact]
    public async Task A_master_that_an_operator_detaches_is_told_and_closed()
    {
        await using var silo = await StartAsync();
        await using var driver = await MasterAsync(silo, "driver");

        await silo.SendAsync(HttpMethod.Delete, $"/api/v1/robots/{Robot}/master");

        await driver.HearsErrorAsync("detached");
        await driver.ClosesWithAsync(4009);
    }

    [Fact]
    public async Task A_master_that_leaves_gives_the_robot_back_at_once()
    {
        await using var silo = await StartAsync();
        await using var page = await ArenaClient.MasterAsync(Url(silo), Robot);
        await using var driver = await MasterAsync(silo, "driver");

        await driver.DisconnectAsync();

        await page.HearsAsync("status", status => !status["data"]!["master_connected"]!.GetValue<bool>() && status["data"]!["master"] is null);
    }

    [Fact]
    public async Task A_master_that_vanishes_loses_its_lease()
    {
        await using var silo = await StartAsync();
        await using var driver = await MasterAsync(silo, "driver");

        driver.Vanish();

        await Eventually.Holds("the robot has no master", () => Engine(silo).GetAsync(Robot, default).AsTask().Result!.Master is null);
    }

    [Fact]
    public async Task A_master_that_says_nothing_loses_its_lease_and_listens_on()
    {
        await using var silo = await StartAsync(TimeSpan.FromMilliseconds(200));
        await using var driver = await MasterAsync(silo, "driver");

        await driver.HearsErrorAsync("lease_lost");
        await using var second = await MasterAsync(silo, "second");
        await second.CommandAsync("Rotation", -8);

        await driver.HearsCommandAsync("Rotation", -8);
    }

    [Fact]
    public async Task Heartbeats_alone_keep_the_lease()
    {
        await using var silo = await StartAsync(TimeSpan.FromMilliseconds(500));
        await using var driver = await MasterAsync(silo, "driver");
        var engine = Engine(silo);
        var epoch = (await engine.GetAsync(Robot, default))!.Master!.Epoch;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));

        for (var beat = 0; beat < 40; beat++) // Four seconds: twice the lease, eight times the silence.
        {
            await timer.WaitForNextTickAsync();
            await driver.SendAsync(new { type = "heartbeat", robot_id = Robot });
        }

        await driver.HearsAsync("heartbeat_ack");
        Assert.Equal(epoch, (await engine.GetAsync(Robot, default))!.Master?.Epoch);
    }

    [Fact]
    public async Task A_stopped_robot_refuses_commands_and_tells_everyone()
    {
        await using var silo = await StartAsync();
        await using var driver = await MasterAsync(silo, "driver");

        await silo.PostAsync($"/robots/{Robot}/stop");
        await driver.HearsAsync("status", status => status["data"]!["stopped"]!.GetValue<bool>());
        await driver.CommandAsync("Rotation", 0);

        Assert.Contains("stopped", await driver.HearsErrorAsync("stopped"), StringComparison.Ordinal);
        await driver.HearsAsync("command_ack", ack => !ack["data"]!["accepted"]!.GetValue<bool>());
        await silo.PostAsync($"/robots/{Robot}/reset");
        await driver.HearsAsync("status", status => !status["data"]!["stopped"]!.GetValue<bool>());
    }

    [Fact]
    public async Task A_change_of_master_is_in_the_audit_trail()
    {
        await using var silo = await StartAsync();
        await using var driver = await MasterAsync(silo, "driver");

        JsonNode? record = null;
        await Eventually.Holds("the attachment is recorded", () =>
            (record = Newest(silo)) is not null);
        Assert.Equal(Robot, record!["subject"]!.GetValue<string>());

        static JsonNode? Newest(RunningSilo silo) => silo.GetAsync("/api/v1/audit?what=master-bound").Result["items"]!.AsArray()
            .FirstOrDefault(item => item!["detail"]?.GetValue<string>().Contains("driver", StringComparison.Ordinal) == true);
    }

    private async Task<RunningSilo> StartAsync(TimeSpan? silence = null)
    {
        var silo = await RunningSilo.StartAsync(
            broker, adjust: services => services.AddSingleton(new ArenaTiming { SilenceLimit = silence ?? new ArenaTiming().SilenceLimit }));
        await silo.MakeRobotAsync(Robot);
        return silo;
    }

    private static async Task<ArenaClient> MasterAsync(RunningSilo silo, string name, string query = "")
    {
        var client = await ArenaClient.SlaveAsync(Url(silo), Robot, $"name={name}&{query}");
        await client.CommandAsync("Rotation", 5);
        await client.HearsAsync("command_ack", ack => ack["data"]!["accepted"]!.GetValue<bool>());
        return client;
    }

    private static Uri Url(RunningSilo silo) => silo.Http.BaseAddress!;

    private static IRobotEngine Engine(RunningSilo silo) => silo.Service<IRobotEngine>();

    private static async Task<string?> MasterOfAsync(RunningSilo silo) => (await Engine(silo).GetAsync(Robot, default))!.Master?.Name;

    private static async Task IgnoringLossAsync(Func<Task> send)
    {
        try
        {
            await send();
        }
        catch (Exception lost) when (lost is System.Net.WebSockets.WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Closed meanwhile, which is what is waited for.
        }
    }
}
