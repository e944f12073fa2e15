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

    private readonly TempFolder folder = new();
    private readonly ArmRig leader;
    private readonly ArmRig follower;
    private readonly List<RunningProcess> agents = [];

    private readonly ClusterOfProcesses cluster;

    private EmulatedPair(ClusterOfProcesses cluster)
    {
        this.cluster = cluster;
        leader = new ArmRig(ArmRole.Leader, new SweepingHand(), Path.Combine(folder.Path, "tty-leader"));
        follower = new ArmRig(ArmRole.Follower, null, Path.Combine(folder.Path, "tty-follower"));
    }

    public static async Task<EmulatedPair> StartAsync(ClusterOfProcesses cluster, string robot)
    {
        var pair = new EmulatedPair(cluster);
        pair.StartAgent($"{robot}-leader", "leader", pair.leader);
        pair.StartAgent($"{robot}-follower", "follower", pair.follower);
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

    /// <summary>Waits until the follower holds, and says how long after a time its goal last changed.</summary>
    public async Task<TimeSpan> HoldsAsync(long since) => Stopwatch.GetElapsedTime(since, Math.Max(since, await follower.HoldsAsync()));

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in agents)
            await agent.DisposeAsync();
        leader.Dispose();
        follower.Dispose();
        folder.Dispose();
    }

    private void StartAgent(string device, string role, ArmRig arm)
    {
        var file = Path.Combine(folder.Path, $"{role}.json");
        File.WriteAllText(file, new JsonObject
        {
            ["broker"] = new JsonObject { ["hosts"] = new JsonArray("127.0.0.1"), ["port"] = cluster.Broker.Port },
            ["control_socket"] = Path.Combine(folder.Path, $"{role}.sock"),
            ["devices"] = new JsonArray(new JsonObject
            {
                ["name"] = device,
                ["kind"] = $"so101-{role}",
                ["port"] = arm.Bus.Port,
                ["calibration"] = "eeprom",
            }),
        }.ToJsonString());
        agents.Add(ArmadaProgram.Start("Armada.EdgeAgent", "run", "--config", file));
    }
}
