using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Armada.Devices.Arms;
using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;
using Armada.Emulators.Bus;
using Armada.Testing;
using Armada.Testing.Network;
using Armada.Testing.Processes;

namespace Armada.Bench.Network;

/// <summary>
/// A silo as a process in this network namespace, and two agents as processes in namespaces of their own, which reach it only over a link
/// each. Without TLS, so that the arrival of commands can be read from the packets; a proxy on the silo's side of the links leads to the
/// port that is on loopback only.
/// </summary>
internal sealed class NetworkFleet : IAsyncDisposable
{
    private const string Robot = "/api/v1/robots/cell";

    private static readonly TimeSpan Starting = TimeSpan.FromSeconds(40);

    private readonly TempFolder folder = new();
    private readonly NetworkRun run;
    private readonly LeadingHand hand;
    private readonly ArrivalTap tap = new();
    private readonly Side leader;
    private readonly Side follower;
    private readonly EmulatedBus leaderBus;
    private readonly EmulatedBus followerBus;
    private readonly List<RegisterWrite> writes = [];
    private readonly HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{FreePort.Next()}") };
    private readonly int plainPort = FreePort.Next();
    private RunningProcess? silo;
    private long journal;

    private NetworkFleet(NetworkRun run)
    {
        (this.run, Path) = (run, new LeaderPath(run.IsShort));
        hand = new LeadingHand(Path);
        leaderBus = new EmulatedBus(EmulatedArm.So101(ArmRole.Leader, hand), folder.File("tty-leader"));
        followerBus = new EmulatedBus(EmulatedArm.So101(ArmRole.Follower), folder.File("tty-follower"));
        leader = new Side("leader", "10.77.1", new HopLink("leader", run.Profile, 2 * run.Seed, 0, null));
        follower = new Side("follower", "10.77.2", new HopLink("follower", run.Profile, (2 * run.Seed) + 1, run.Profile.StallEverySeconds / 2, tap.Take));
    }

    public LeaderPath Path { get; }

    /// <summary>A fleet whose follower stands where the leader rests.</summary>
    public static async Task<NetworkFleet> StartAsync(NetworkRun run)
    {
        var fleet = new NetworkFleet(run);
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

    /// <summary>Leads once along the path and gives what was recorded.</summary>
    public async Task<NetworkTrace> LeadAsync(Func<NetworkFleet, Task>? disturb, CancellationToken cancellation)
    {
        hand.Begin();
        await AtAsync(Path.CountFrom, cancellation);
        var holds = Holds;
        if (disturb is not null)
            await disturb(this);
        await AtAsync(Path.CountTo, cancellation);
        var trace = new NetworkTrace(run.Profile.Name, run.Seed, run.IsShort, run.Paths) { Holds = Holds - holds };
        await AtAsync(Path.CountTo + 1, cancellation);
        await EndAgentsAsync();
        Fill(trace);
        return trace;
    }

    /// <summary>Waits for a moment of the leader's motion, seconds since its begin.</summary>
    public async Task AtAsync(double seconds, CancellationToken cancellation)
    {
        while (hand.Begun == long.MaxValue || Since(Stopwatch.GetTimestamp()) < seconds)
        {
            await Task.Delay(50, cancellation);
            Collect();
            if (leader.Agent!.HasExited || follower.Agent!.HasExited)
                throw new InvalidOperationException($"an agent has ended\n{leader.Agent.Output}\n{follower.Agent!.Output}");
        }
    }

    public Task StopAsync() => PostAsync($"{Robot}/stop", null);

    public Task ResetAsync() => PostAsync($"{Robot}/reset", null);

    public async ValueTask DisposeAsync()
    {
        await EndAgentsAsync();
        if (silo is not null)
            await silo.DisposeAsync();
        foreach (var side in (Side[])[leader, follower])
            await side.DisposeAsync();
        leaderBus.Dispose();
        followerBus.Dispose();
        http.Dispose();
        folder.Dispose();
    }

    private int Holds => follower.Agent!.Lines.Count(line => line.Contains("holding its pose", StringComparison.Ordinal));

    private async Task StartAsync()
    {
        await Interfaces.RunAsync("ip", "link", "set", "lo", "up");
        silo = ArmadaProgram.Start(
            "Armada.Silo", "--urls", http.BaseAddress!.GetLeftPart(UriPartial.Authority), "--data", folder.File("data"),
            "--broker", $"127.0.0.1:{FreePort.Next()}", "--broker-plain", $"{plainPort}");
        await leader.ConnectAsync(plainPort);
        await follower.ConnectAsync(plainPort);
        await IsReadyAsync();
        StartAgent(leader, leaderBus);
        StartAgent(follower, followerBus);
        foreach (var side in (Side[])[leader, follower])
            await PostAsync("/api/v1/devices", new { name = side.Name, kind = $"so101-{side.Name}" });
        await PostAsync("/api/v1/robots", new { id = "cell", model = "so101" });
        await PostAsync($"{Robot}/slaves", new { type = "device", device = "follower" });
        await Eventually.HoldsAsync("the leader is the robot's master", async () =>
        {
            using var answer = await http.PutAsJsonAsync($"{Robot}/master", new { type = "device", device = "leader" });
            return answer.IsSuccessStatusCode;
        }, Starting);
        await Eventually.Holds(
            () => $"the follower comes to the leader\n{silo.Output}\n{leader.Agent!.Output}\n{follower.Agent!.Output}",
            () => Pan() is var pan && Math.Abs(pan.Follower - pan.Leader) < 1.5, Starting);
        Collect();
        writes.Clear();
    }

    private (double Leader, double Follower) Pan()
    {
        Span<double> ours = stackalloc double[ArmJoint.Count];
        Span<double> theirs = stackalloc double[ArmJoint.Count];
        leaderBus.Arm.Pose(ours);
        followerBus.Arm.Pose(theirs);
        return (ours[1] + ours[3], theirs[1] + theirs[3]);
    }

    private void StartAgent(Side side, EmulatedBus bus)
    {
        var device = new JsonObject { ["name"] = side.Name, ["kind"] = $"so101-{side.Name}", ["port"] = bus.Port, ["calibration"] = "eeprom" };
        if (side == follower && run.Playout is not null)
            device["playout"] = run.Playout;
        if (side == leader && run.LeaderHz is not null)
            device["rate_hz"] = run.LeaderHz;
        if (run.Paths != 1)
            device["paths"] = run.Paths;
        var file = new JsonObject
        {
            ["broker"] = new JsonObject { ["hosts"] = new JsonArray(side.SiloAddress), ["port"] = side.Proxy!.Port, ["insecure"] = true },
            ["control_socket"] = folder.File($"{side.Name}.sock"),
            ["devices"] = new JsonArray(device),
        };
        side.Agent = RunningProcess.Start(
            "nsenter", side.Inside(["dotnet", ArmadaProgram.PathOf("Armada.EdgeAgent"), "run", "--config", folder.Write($"{side.Name}.json", file.ToJsonString())]), null);
    }

    private async Task EndAgentsAsync()
    {
        foreach (var side in (Side[])[leader, follower])
        {
            if (side.Agent is not null)
                await side.Agent.DisposeAsync();
            side.Agent = null;
        }
    }

    private void Collect()
    {
        var recent = followerBus.Journal.Since(journal);
        journal += recent.Count;
        writes.AddRange(recent.Where(write => write.Instruction == Instruction.SyncWrite && write.Of(Sts3215.GoalPosition) is not null));
    }

    private void Fill(NetworkTrace trace)
    {
        Collect();
        var calibration = EmulatedJoint.Calibration(ArmRole.Follower).Joints;
        foreach (var write in writes.GroupBy(write => write.Timestamp).OrderBy(write => write.Key))
        {
            var pose = trace.Goals.Count > 0 ? trace.Goals[^1].Pose[..] : new double[LeaderPath.Joints];
            foreach (var goal in write.Where(goal => goal.Id <= LeaderPath.Joints))
                pose[goal.Id - 1] = calibration[goal.Id - 1].Normalize(goal.Of(Sts3215.GoalPosition)!.Value, JointScale.Degrees);
            trace.Goals.Add(new TimedPose(Since(write.Key), pose));
        }

        var (unix, timestamp) = (DateTimeOffset.UtcNow, Stopwatch.GetTimestamp());
        var clock = ((unix - DateTimeOffset.UnixEpoch).TotalSeconds) - Since(timestamp);
        foreach (var arrival in tap.Arrivals)
        {
            var header = arrival.Header;
            trace.Arrivals.Add(new ArrivedPose(
                Since(arrival.Timestamp), (header.CapturedAt / 1e6) - clock, header.Sequence, header.Epoch, header.Flags, arrival.Pose[..LeaderPath.Joints]));
        }

        trace.Losses.AddRange(leader.Link.LossesUp.Concat(follower.Link.LossesDown).Select(Since).Order());
    }

    private double Since(long timestamp) => (timestamp - hand.Begun) / (double)Stopwatch.Frequency;

    private async Task IsReadyAsync()
    {
        var refusal = "";
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(50))
        {
            try
            {
                using var answer = await http.GetAsync(new Uri("/readyz", UriKind.Relative));
                if (answer.IsSuccessStatusCode)
                    return;
                refusal = await answer.Content.ReadAsStringAsync();
            }
            catch (HttpRequestException lost)
            {
                refusal = lost.Message;
            }

            if (Stopwatch.GetElapsedTime(began) > Starting)
                throw new InvalidOperationException($"the silo is not ready after {Starting.TotalSeconds} s: {refusal}\n{silo!.Output}");
        }
    }

    private async Task PostAsync(string path, object? body)
    {
        using var answer = await http.PostAsJsonAsync(path, body);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>One agent with its namespace and its link.</summary>
    private sealed class Side(string name, string network, HopLink link) : IAsyncDisposable
    {
        // It ends when its input does, so that nothing outlives this process.
        private readonly RunningProcess holder = RunningProcess.Start("unshare", "--net", "cat");

        public string Name => name;

        public HopLink Link => link;

        public string SiloAddress => $"{network}.1";

        public CuttingProxy? Proxy { get; private set; }

        public RunningProcess? Agent { get; set; }

        public string[] Inside(string[] command) => [$"--net=/proc/{holder.Id.ToString(CultureInfo.InvariantCulture)}/ns/net", "--", .. command];

        public async Task ConnectAsync(int port)
        {
            var own = File.ResolveLinkTarget("/proc/self/ns/net", false)!.Name;
            await Eventually.Holds($"the {name}'s namespace is there", () => IsAnother(own));
            await Interfaces.RunAsync("ip", "link", "set", link.Far.Name, "netns", holder.Id.ToString(CultureInfo.InvariantCulture));
            await Interfaces.UpAsync(link.Near.Name, $"{network}.1/30", []);
            await Interfaces.UpAsync(link.Far.Name, $"{network}.2/30", Inside([]));
            Proxy = new CuttingProxy(port, IPAddress.Parse(SiloAddress));
            link.Start();
        }

        public async ValueTask DisposeAsync()
        {
            if (Proxy is not null)
                await Proxy.DisposeAsync();
            link.Dispose();
            await holder.DisposeAsync();
        }

        private bool IsAnother(string own) =>
            File.ResolveLinkTarget($"/proc/{holder.Id.ToString(CultureInfo.InvariantCulture)}/ns/net", false) is { } there && there.Name != own;
    }
}

/// <summary>What one run is to be.</summary>
/// <param name="Playout">The follower's setting; null for the default.</param>
/// <param name="LeaderHz">The leader's rate; null for the default.</param>
internal sealed record NetworkRun(NetworkProfile Profile, int Seed, bool IsShort, int Paths, string? Playout, double? LeaderHz = null);
