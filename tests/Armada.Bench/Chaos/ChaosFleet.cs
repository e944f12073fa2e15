using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Armada.Devices.Arms;
using Armada.Testing;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Armada.Tests.EndToEnd.Rig;

namespace Armada.Bench.Chaos;

/// <summary>
/// A silo and two agents as real processes, each agent behind a cable that can be cut or stalled, and two emulated arms of this process.
/// Only an admin key opens the silo.
/// </summary>
internal sealed class ChaosFleet : IAsyncDisposable
{
    public const string Robot = "/api/v1/robots/cell";

    private static readonly TimeSpan Starting = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Moving = TimeSpan.FromSeconds(4);

    private readonly TempFolder folder = new();
    private readonly int tlsPort = FreePort.Next();
    private RunningProcess? silo;
    private volatile string? refusal;

    private ChaosFleet()
    {
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{FreePort.Next()}"), Timeout = TimeSpan.FromSeconds(5) };
        Leader = new Arm("leader", new ArmRig(ArmRole.Leader, new SweepingHand(), folder.File("tty-leader")), new CuttingProxy(PlainPort));
        Follower = new Arm("follower", new ArmRig(ArmRole.Follower, null, folder.File("tty-follower")), new CuttingProxy(PlainPort));
    }

    /// <summary>Where devices connect without TLS.</summary>
    public int PlainPort { get; } = FreePort.Next();

    public HttpClient Http { get; }

    public Arm Leader { get; }

    public Arm Follower { get; }

    public RunningProcess Silo => silo!;

    public static async Task<ChaosFleet> StartAsync()
    {
        var fleet = new ChaosFleet();
        try
        {
            fleet.StartSilo();
            await fleet.IsReadyAsync();
            var key = await fleet.AskAsync(HttpMethod.Post, "/api/v1/keys", new { name = "chaos", role = "admin" });
            fleet.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key!["key"]!.GetValue<string>());
            foreach (var arm in (Arm[])[fleet.Leader, fleet.Follower])
            {
                await fleet.AskAsync(HttpMethod.Post, "/api/v1/devices", new { name = arm.Name, kind = $"so101-{arm.Name}" });
                fleet.StartAgent(arm);
            }

            await fleet.AskAsync(HttpMethod.Post, "/api/v1/robots", new { id = "cell", model = "so101" });
            await fleet.AskAsync(HttpMethod.Post, $"{Robot}/slaves", new { type = "device", device = "follower" });
            await fleet.FollowsAsync();
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    public void StartSilo() => silo = ArmadaProgram.Start(
        "Armada.Silo", "--urls", Http.BaseAddress!.GetLeftPart(UriPartial.Authority), "--data", folder.File("data"),
        "--broker", $"127.0.0.1:{tlsPort}", "--broker-plain", $"{PlainPort}");

    public async Task KillSiloAsync()
    {
        await Silo.SendAsync(Signal.Kill);
        await Silo.DisposeAsync();
    }

    public Task IsReadyAsync() => Eventually.HoldsAsync($"the silo is ready\n{Silo.Output}", async () => await AskAsync(HttpMethod.Get, "/readyz") is not null, Starting);

    public void StartAgent(Arm arm)
    {
        var file = folder.File($"{arm.Name}.json");
        File.WriteAllText(file, new JsonObject
        {
            ["broker"] = new JsonObject { ["hosts"] = new JsonArray("127.0.0.1"), ["port"] = arm.Cable.Port },
            ["control_socket"] = folder.File($"{arm.Name}.sock"),
            ["devices"] = new JsonArray(new JsonObject { ["name"] = arm.Name, ["kind"] = $"so101-{arm.Name}", ["port"] = arm.Rig.Bus.Port, ["calibration"] = "eeprom" }),
        }.ToJsonString());
        arm.Agent = ArmadaProgram.Start("Armada.EdgeAgent", "run", "--config", file);
    }

    /// <summary>Gives the robot to its leader, whoever has it, and waits until the follower moves with it.</summary>
    public async Task FollowsAsync()
    {
        var begin = Stopwatch.GetTimestamp();
        while (!await IsResetAsync() || !await TakesOverAsync() || !await MovesAsync())
        {
            if (Stopwatch.GetElapsedTime(begin) > Starting)
                throw new InvalidOperationException($"the follower does not follow again; {refusal}\n{Silo.Output}\n{Leader.Agent!.Output}\n{Follower.Agent!.Output}");
        }
    }

    /// <summary>Asks with the key; null where it is refused, or nobody answers.</summary>
    public async Task<JsonNode?> AskAsync(HttpMethod method, string path, object? body = null, CancellationToken cancellation = default)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            using var answer = await Http.SendAsync(request, cancellation);
            var text = await answer.Content.ReadAsStringAsync(cancellation);
            if (answer.IsSuccessStatusCode)
                return JsonNode.Parse(text.Length == 0 ? "{}" : text);
            refusal = $"{method} {path}: {(int)answer.StatusCode} {text}";
            return null;
        }
        catch (Exception lost) when (lost is HttpRequestException or OperationCanceledException or IOException)
        {
            return null; // The silo is dead, hangs or starts.
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var arm in (Arm[])[Leader, Follower])
        {
            if (arm.Agent is not null)
                await arm.Agent.DisposeAsync();
            await arm.Cable.DisposeAsync();
            arm.Rig.Dispose();
        }

        if (silo is not null)
            await silo.DisposeAsync();
        Http.Dispose();
        folder.Dispose();
    }

    // A follower that was away when the robot was reset says that it is stopped, and stops the robot again.
    private async Task<bool> IsResetAsync() => await AskAsync(HttpMethod.Post, $"{Robot}/reset") is not null;

    private async Task<bool> TakesOverAsync() =>
        await AskAsync(HttpMethod.Put, $"{Robot}/master", new { type = "device", device = Leader.Name, takeover = true }) is not null;

    // For a time, since a program may have taken over meanwhile.
    private async Task<bool> MovesAsync()
    {
        var (journal, begin, doesMove) = (Follower.Rig.Bus.Journal.Count, Stopwatch.GetTimestamp(), false);
        while (!doesMove && Stopwatch.GetElapsedTime(begin) < Moving)
        {
            await Task.Delay(20);
            doesMove = Follower.Rig.LastMove(journal) != 0 && Math.Abs(Follower.Rig.Pan - Leader.Rig.Pan) < 6;
        }

        return doesMove;
    }

    /// <summary>An emulated arm, its agent, and the agent's way to the silo.</summary>
    internal sealed class Arm(string name, ArmRig rig, CuttingProxy cable)
    {
        public string Name => name;

        public ArmRig Rig => rig;

        public CuttingProxy Cable => cable;

        public RunningProcess? Agent { get; set; }
    }
}
