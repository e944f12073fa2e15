using System.Net.Http.Json;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Armada.Silo.Remotes;
using Armada.Testing;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Armada.Tests.Silo.Arena;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Remotes;

/// <summary>A robot of one silo that is a slave of another's.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class TwoSilosTests(Broker broker, RemoteSilo near) : IClassFixture<Broker>, IClassFixture<RemoteSilo>
{
    [Fact]
    public async Task A_robot_follows_another_silos_and_says_where_it_really_is()
    {
        await using var far = await RunningSilo.StartAsync(broker);
        await far.MakeRobotAsync("arm");
        await using var proxy = new CuttingProxy(far.Http.BaseAddress!.Port);
        await using var arm = await ArenaClient.MasterAsync(far.Http.BaseAddress!, "arm", "name=hand");
        var robot = await near.MakeAsync($"ws://127.0.0.1:{proxy.Port}/ws/slave/arm");
        await near.ShowsAsync(robot, "live");
        await using var driver = await near.DriveAsync(robot, 18);

        await arm.HearsCommandAsync("Rotation", 18);
        await arm.SendAsync(new { type = "slave_status", data = new { joints = new[] { new { name = "Rotation", real_value = 17.5 } } } });
        await Eventually.Holds("the near silo knows where the far arm is", () => Joint(robot)["real"]?.GetValue<double>() == 17.5);

        proxy.Cut(refuse: true);
        Assert.NotEmpty((await near.ShowsAsync(robot, "failed"))!);
        await Eventually.Holds("the far robot has no master", () => far.GetAsync("/api/v1/robots/arm").Result["master"] is null);
        await driver.CommandAsync("Rotation", 22);
        proxy.Resume();

        await near.ShowsAsync(robot, "live");
        await arm.HearsCommandAsync("Rotation", 22);
    }

    [Fact]
    public async Task A_silo_that_is_killed_and_started_again_is_followed_again()
    {
        using var folder = new TempFolder();
        var url = $"http://127.0.0.1:{FreePort.Next()}";
        string[] args = ["--urls", url, "--data", folder.Path, "--mqtt", $"127.0.0.1:{broker.Mosquitto.Port}", "--client-id", "far"];
        var robot = await near.MakeAsync($"ws{url[4..]}/ws/slave/arm");
        await near.ShowsAsync(robot, "failed");
        await using var driver = await near.DriveAsync(robot, 9);
        using var http = new HttpClient { BaseAddress = new Uri(url) };

        await using (var far = SiloProcess.Start(args))
        {
            await far.PrintsAsync("Application started");
            using var made = await http.PostAsJsonAsync("/api/v1/robots", new { id = "arm", model = "so101" });
            made.EnsureSuccessStatusCode();
            await FollowsAsync(9);
            await far.SendAsync(Signal.Kill);
            await near.ShowsAsync(robot, "failed");
        }

        await driver.CommandAsync("Rotation", 11);
        await using var again = SiloProcess.Start(args);
        await FollowsAsync(11);
        await near.ShowsAsync(robot, "live");

        async Task FollowsAsync(double rotation)
        {
            JsonNode? state = null;
            await Eventually.Holds(
                () => $"the far robot is at {rotation}; it is {state}",
                () => (state = StateAsync().GetAwaiter().GetResult())?["joints"]![0]!["virtual"]?.GetValue<double>() is { } at && Math.Abs(at - rotation) < 0.01,
                TimeSpan.FromSeconds(20));
        }

        async Task<JsonNode?> StateAsync()
        {
            try
            {
                return JsonNode.Parse(await http.GetStringAsync(new Uri("/api/v1/robots/arm/state", UriKind.Relative)));
            }
            catch (HttpRequestException)
            {
                return null; // It has not started yet.
            }
        }
    }

    [Fact]
    public async Task A_silo_with_keys_is_entered_with_the_key_for_its_address_and_nobody_sees_it()
    {
        await using var far = await RunningSilo.StartAsync(broker);
        await far.MakeRobotAsync("arm");
        far.UseKey(await far.MakeKeyAsync("boss", "admin"));
        var key = await far.MakeKeyAsync("near", "operator");
        using var folder = new TempFolder();
        var place = $"127.0.0.1:{far.Http.BaseAddress!.Port}";
        var file = folder.Write("keys.json", $$"""{"{{place}}": "{{key}}", "arm.invalid:81": "{{key}}"}""");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var silo = await RunningSilo.StartAsync(broker, options => options with { RemoteKeys = RemoteKeys.Read(file) });
        await silo.MakeRobotAsync("arm");
        await BindAsync("far", $"ws://{place}/ws/slave/arm");
        await BindAsync("bare", "ws://arm.invalid:81/ws/slave/arm");

        await Eventually.Holds("the slave with the key is live", () => Slave("far")["state"]!.GetValue<string>() == "live");
        await Eventually.Holds("the key is not sent in the clear", () => Reason("bare") == "the key for arm.invalid:81 is not sent over ws; bind the slave with wss");
        var secret = key.Split('_', 3)[2];
        Assert.DoesNotContain(secret, (await silo.GetAsync("/api/v1/robots/arm")).ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(silo.Logs.Entries, entry => entry.Message.Contains(secret, StringComparison.Ordinal));

        var stranger = await near.MakeAsync($"ws://{place}/ws/slave/arm");
        await near.ShowsAsync(stranger, "failed", "401");

        JsonNode Slave(string name) => silo.GetAsync($"/api/v1/robots/arm/slaves/{name}").GetAwaiter().GetResult();
        string? Reason(string name) => Slave(name)["reason"]?.GetValue<string>();
        Task BindAsync(string name, string url) => silo.SendAsync(HttpMethod.Post, "/api/v1/robots/arm/slaves", new { type = "remote", name, url });
    }

    private JsonNode Joint(string robot) =>
        near.Silo.GetAsync($"/api/v1/robots/{robot}/state").GetAwaiter().GetResult()["joints"]![0]!;
}
