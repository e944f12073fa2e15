using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Armada.Devices.Arms;
using Armada.Testing;
using Armada.Testing.Network;
using Armada.Testing.Processes;

namespace Armada.Tests.EndToEnd.Rig;

/// <summary>
/// A silo with its own broker, and two arms whose agents enrolled themselves with a token each, as a user does it. Nothing else was
/// written by hand but where each agent's own socket is.
/// </summary>
internal sealed class EnrolledFleet : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private readonly int httpPort = FreePort.Next();
    private readonly int brokerPort = FreePort.Next();
    private readonly Dictionary<string, RunningProcess> agents = new(StringComparer.Ordinal);
    private RunningProcess silo = null!;

    private EnrolledFleet()
    {
        Leader = new ArmRig(ArmRole.Leader, new SweepingHand(), Path.Combine(folder.Path, "tty-leader"));
        Follower = new ArmRig(ArmRole.Follower, null, Path.Combine(folder.Path, "tty-follower"));
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{httpPort}") };
    }

    public ArmRig Leader { get; }

    public ArmRig Follower { get; }

    public HttpClient Http { get; }

    /// <summary>A fleet whose follower tracks its leader.</summary>
    public static async Task<EnrolledFleet> TrackingAsync()
    {
        var fleet = new EnrolledFleet();
        try
        {
            await fleet.StartAsync();
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    public void StartSilo() => silo = ArmadaProgram.Start(
        "Armada.Silo",
        "--urls", Http.BaseAddress!.GetLeftPart(UriPartial.Authority),
        "--data", Path.Combine(folder.Path, "data"),
        "--broker", $"127.0.0.1:{brokerPort}");

    public async Task KillSiloAsync()
    {
        await silo.SendAsync(Signal.Kill);
        await silo.DisposeAsync();
    }

    public Task SiloIsReadyAsync() => Eventually.HoldsAsync($"the silo is ready\n{silo.Output}", IsReadyAsync, TimeSpan.FromSeconds(20));

    /// <summary>Waits until the follower moves with its leader.</summary>
    public async Task FollowsAsync(TimeSpan timeout)
    {
        var begin = Follower.Bus.Journal.Count;
        await Eventually.Holds(
            () => $"the follower moves with its leader ({Follower.Pan:0.0}° for {Leader.Pan:0.0}°)\n{Logs()}",
            () => Follower.LastMove(begin) != 0 && Math.Abs(Follower.Pan - Leader.Pan) < 6,
            timeout);
    }

    /// <summary>What the silo shows of a device.</summary>
    public async Task<JsonNode> DeviceAsync(string name) => (await Http.GetFromJsonAsync<JsonNode>($"/api/v1/devices/{name}"))!;

    /// <summary>The agent's output.</summary>
    public string OutputOf(string device) => agents[device].Output;

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in agents.Values)
            await agent.DisposeAsync();
        if (silo is not null)
            await silo.DisposeAsync();
        Follower.Dispose();
        Leader.Dispose();
        Http.Dispose();
        folder.Dispose();
    }

    private async Task StartAsync()
    {
        StartSilo();
        await SiloIsReadyAsync();
        await EnrollAsync("leader", Leader);
        await EnrollAsync("follower", Follower);
        const string robot = "/api/v1/robots/cell";
        (await Http.PostAsJsonAsync("/api/v1/robots", new { id = "cell", model = "so101" })).EnsureSuccessStatusCode();
        (await Http.PostAsJsonAsync($"{robot}/slaves", new { type = "device", device = "follower" })).EnsureSuccessStatusCode();
        (await Http.PutAsJsonAsync($"{robot}/master", new { type = "device", device = "leader" })).EnsureSuccessStatusCode();
        await FollowsAsync(TimeSpan.FromSeconds(20));
    }

    private async Task EnrollAsync(string name, ArmRig arm)
    {
        using var made = await Http.PostAsJsonAsync("/api/v1/enrollment-tokens", new { kind = $"so101-{name}", site = "bench", name });
        made.EnsureSuccessStatusCode();
        var token = JsonNode.Parse(await made.Content.ReadAsStringAsync())!["token"]!.GetValue<string>();
        var place = Path.Combine(folder.Path, name);
        var config = Path.Combine(place, "agent.json");
        await using var enroll = RunningProcess.Start(
            "dotnet",
            [
                ArmadaProgram.PathOf("Armada.EdgeAgent"), "enroll", "--server", Http.BaseAddress!.GetLeftPart(UriPartial.Authority),
                "--folder", place, "--port", arm.Bus.Port,
            ],
            new Dictionary<string, string> { ["ARMADA_ENROLL_TOKEN"] = token });
        Assert.True(await enroll.ExitsAsync(TimeSpan.FromSeconds(20)) == 0, enroll.Output);

        var written = JsonNode.Parse(await File.ReadAllTextAsync(config))!.AsObject();
        written["control_socket"] = Path.Combine(folder.Path, $"{name}.sock"); // Two agents on one machine need two.
        await File.WriteAllTextAsync(config, written.ToJsonString());
        agents[name] = ArmadaProgram.Start("Armada.EdgeAgent", "run", "--config", config);
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri("/readyz", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private string Logs() => $"silo:\n{silo.Output}\n{string.Join('\n', agents.Select(agent => $"{agent.Key}:\n{agent.Value.Output}"))}";
}
