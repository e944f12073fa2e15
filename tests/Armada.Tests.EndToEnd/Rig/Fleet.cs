using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Armada.Devices.Arms;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;
using Armada.Testing.Processes;

namespace Armada.Tests.EndToEnd.Rig;

/// <summary>Broker, silo and two agents as real processes; only the two emulated arms run in the test.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    public const string Robot = "/api/v1/robots/cell";
    private const double Tolerance = 6;

    private readonly TempFolder folder = new();
    private readonly int httpPort = FreePort.Next();
    private RunningProcess? silo;
    private RunningProcess? leaderAgent;
    private RunningProcess? followerAgent;

    private Fleet(Mosquitto broker)
    {
        Broker = broker;
        Leader = new ArmRig(ArmRole.Leader, new SweepingHand(), Path.Combine(folder.Path, "tty-leader"));
        Follower = new ArmRig(ArmRole.Follower, null, Path.Combine(folder.Path, "tty-follower"));
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{httpPort}") };
    }

    public Mosquitto Broker { get; }

    public ArmRig Leader { get; }

    public ArmRig Follower { get; }

    public HttpClient Http { get; }

    /// <summary>Further environment variables of silo and agents.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; set; } = new Dictionary<string, string>();

    /// <summary>Further arguments of the silo.</summary>
    public IReadOnlyList<string> SiloArguments { get; set; } = [];

    /// <summary>What else is in the agents' files.</summary>
    public Action<JsonObject> AgentFile { get; set; } = _ => { };

    /// <summary>A fleet whose follower tracks its leader.</summary>
    /// <param name="prepare">What to do to the arms before anything starts.</param>
    /// <param name="tls">Whether the broker wants a certificate of everybody.</param>
    public static async Task<Fleet> TrackingAsync(Action<Fleet>? prepare = null, bool tls = false)
    {
        var fleet = new Fleet(await (tls ? Mosquitto.StartTlsAsync() : Mosquitto.StartAsync()));
        prepare?.Invoke(fleet);
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

    public void StartSilo() => silo = Start(
        "Armada.Silo",
        [
            "--urls", $"http://127.0.0.1:{httpPort}",
            "--data", Path.Combine(folder.Path, "data"),
            "--mqtt", $"127.0.0.1:{Broker.Port}",
            .. SiloTls(),
            .. SiloArguments,
        ]);

    public void StartLeaderAgent() => leaderAgent = StartAgent("leader", Leader);

    public void StartFollowerAgent() => followerAgent = StartAgent("follower", Follower);

    public Task KillSiloAsync() => KillAsync(silo!);

    public Task KillLeaderAgentAsync() => KillAsync(leaderAgent!);

    public Task KillFollowerAgentAsync() => KillAsync(followerAgent!);

    /// <summary>The follower's agent, to end it as a user would.</summary>
    public RunningProcess FollowerAgent => followerAgent!;

    /// <summary>Waits until the follower moves with its leader.</summary>
    public async Task FollowsAsync(TimeSpan? timeout = null)
    {
        var begin = Follower.Bus.Journal.Count;
        await Eventually.Holds(
            () => $"the follower moves with its leader ({Follower.Pan:0.0}° for {Leader.Pan:0.0}°)\n{Logs()}",
            () => Follower.LastMove(begin) != 0 && Math.Abs(Follower.Pan - Leader.Pan) < Tolerance,
            timeout ?? TimeSpan.FromSeconds(5));
    }

    public async Task<JsonObject> RobotAsync() => (await Http.GetFromJsonAsync<JsonObject>(Robot))!;

    public async Task PostAsync(string path)
    {
        using var answer = await Http.PostAsync(new Uri(path, UriKind.Relative), null);
        answer.EnsureSuccessStatusCode();
    }

    public async Task SiloIsReadyAsync() => await Eventually.Holds(
        () => $"the silo is ready\n{silo!.Output}", IsReady, TimeSpan.FromSeconds(15));

    public async ValueTask DisposeAsync()
    {
        foreach (var process in (RunningProcess?[])[followerAgent, leaderAgent, silo])
        {
            if (process is not null)
                await process.DisposeAsync();
        }

        Follower.Dispose();
        Leader.Dispose();
        Http.Dispose();
        await Broker.DisposeAsync();
        folder.Dispose();
    }

    private async Task StartAsync()
    {
        StartSilo();
        StartLeaderAgent();
        StartFollowerAgent();
        await SiloIsReadyAsync();
        await MakeRobotAsync();
        await FollowsAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>Makes the robot and binds both arms to it.</summary>
    public async Task MakeRobotAsync()
    {
        (await Http.PostAsJsonAsync("/api/v1/robots", new { id = "cell", model = "so101" })).EnsureSuccessStatusCode();
        (await Http.PostAsJsonAsync($"{Robot}/slaves", new { type = "device", device = "follower" })).EnsureSuccessStatusCode();
        (await Http.PutAsJsonAsync($"{Robot}/master", new { type = "device", device = "leader" })).EnsureSuccessStatusCode();
    }

    private RunningProcess StartAgent(string device, ArmRig arm)
    {
        var file = Path.Combine(folder.Path, $"agent-{device}.json");
        var content = new JsonObject
        {
            ["broker"] = new JsonObject { ["hosts"] = new JsonArray("127.0.0.1"), ["port"] = Broker.Port, ["tls"] = AgentTls(device) },
            ["control_socket"] = Path.Combine(folder.Path, $"{device}.sock"),
            ["devices"] = new JsonArray(new JsonObject
            {
                ["name"] = device,
                ["kind"] = $"so101-{device}",
                ["port"] = arm.Bus.Port,
                ["calibration"] = "eeprom",
            }),
        };
        AgentFile(content);
        File.WriteAllText(file, content.ToJsonString());
        return Start("Armada.EdgeAgent", "run", "--config", file);
    }

    private string[] SiloTls()
    {
        if (Broker.Certificates is not { } authority)
            return [];
        var (certificate, key) = authority.Client("armada-silo");
        return ["--mqtt-ca", authority.CaFile, "--mqtt-cert", certificate, "--mqtt-key", key];
    }

    private JsonObject? AgentTls(string device)
    {
        if (Broker.Certificates is not { } authority)
            return null;
        var (certificate, key) = authority.Client(device);
        return new JsonObject { ["ca"] = authority.CaFile, ["certificate"] = certificate, ["key"] = key };
    }

    private RunningProcess Start(string project, params string[] arguments) =>
        RunningProcess.Start("dotnet", [ArmadaProgram.PathOf(project), .. arguments], Variables);

    private static async Task KillAsync(RunningProcess process)
    {
        await process.SendAsync(Signal.Kill);
        await process.DisposeAsync();
    }

    private bool IsReady()
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/readyz");
            using var answer = Http.Send(request);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private string Logs() => $"silo:\n{silo?.Output}\nleader:\n{leaderAgent?.Output}\nfollower:\n{followerAgent?.Output}";
}
