using System.Diagnostics;
using System.Text.Json.Nodes;
using Armada.Devices.Arms;
using Armada.Testing;
using Armada.Testing.Processes;
using Armada.Tests.EndToEnd.Rig;

namespace Armada.Tests.Cluster.Processes;

/// <summary>A robot of two emulated arms on pseudo-terminals, each behind a real agent.</summary>
internal sealed class EmulatedPair : IAsyncDisposable
{
    private const double Tolerance = 6; // degrees

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly TempFolder folder = new();
    private readonly ArmRig leader;
    private readonly ArmRig follower;
    private readonly List<RunningProcess> agents = [];

    private readonly IClusterOfProcesses cluster;

    private EmulatedPair(IClusterOfProcesses cluster)
    {
        this.cluster = cluster;
        leader = new ArmRig(ArmRole.Leader, new SweepingHand(), Path.Combine(folder.Path, "tty-leader"));
        follower = new ArmRig(ArmRole.Follower, null, Path.Combine(folder.Path, "tty-follower"));
    }

    public static async Task<EmulatedPair> StartAsync(IClusterOfProcesses cluster, string robot)
    {
        var pair = new EmulatedPair(cluster);
        await pair.StartAgentAsync($"{robot}-leader", "leader", pair.leader);
        await pair.StartAgentAsync($"{robot}-follower", "follower", pair.follower);
        await cluster.PostAsync(0, "/api/v1/robots", new { id = robot, model = "so101" });
        await cluster.PostAsync(1, $"/api/v1/robots/{robot}/slaves", new { type = "device", device = $"{robot}-follower" });
        await cluster.PutAsync(2, $"/api/v1/robots/{robot}/master", new { type = "device", device = $"{robot}-leader" });
        await pair.FollowsAsync(TimeSpan.FromSeconds(30));
        return pair;
    }

    /// <summary>Waits until the follower moves with its leader.</summary>
    public async Task FollowsAsync(TimeSpan within)
    {
        var begin = follower.Bus.Journal.Count;
        await Eventually.Holds(
            () => $"the follower moves with its leader ({follower.Pan:0.0}° for {leader.Pan:0.0}°)\n{string.Join('\n', agents.Select(agent => agent.Output))}\n{cluster.Logs()}",
            () => follower.LastMove(begin) != 0 && Math.Abs(follower.Pan - leader.Pan) < Tolerance,
            within);
    }

    /// <summary>Waits until both agents are connected to a port.</summary>
    public Task IsAtAsync(int port, TimeSpan within) => Eventually.Holds(
        () => $"both agents are at {port}\n{string.Join('\n', agents.Select(agent => agent.Output))}",
        () => agents.All(agent => agent.Lines.LastOrDefault(line => line.Contains("is up at", StringComparison.Ordinal))?.EndsWith($":{port}", StringComparison.Ordinal) == true),
        within);

    /// <summary>Waits until the follower has held, and says how long after a time its goal last changed before. Another silo may command it soon after.</summary>
    public async Task<TimeSpan> HoldsAsync(long since) => Stopwatch.GetElapsedTime(since, await follower.PausesAsync(since, Pause));

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in agents)
            await agent.DisposeAsync();
        leader.Dispose();
        follower.Dispose();
        folder.Dispose();
    }

    private async Task StartAgentAsync(string device, string role, ArmRig arm)
    {
        var file = Path.Combine(folder.Path, $"{role}.json");
        var configuration = await cluster.ConfigureAsync(device, $"so101-{role}", arm.Bus.Port, Path.Combine(folder.Path, role));
        configuration["control_socket"] = Path.Combine(folder.Path, $"{role}.sock");
        File.WriteAllText(file, configuration.ToJsonString());
        agents.Add(ArmadaProgram.Start("Armada.EdgeAgent", "run", "--config", file));
    }
}

/// <summary>What a pair of arms needs of its cluster.</summary>
internal interface IClusterOfProcesses
{
    /// <summary>The configuration of an agent with one device, whose files are in a folder of its own.</summary>
    Task<JsonNode> ConfigureAsync(string device, string kind, string port, string folder);

    Task<JsonNode> PostAsync(int silo, string path, object? body = null);

    Task PutAsync(int silo, string path, object body);

    string Logs();
}
