using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Armada.Devices.Arms;
using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;
using Armada.Emulators.Bus;
using Armada.Testing;
using Armada.Testing.Processes;

namespace Armada.Bench.Rows;

/// <summary>An agent with a leader and its follower, as a process of its own, and what is written on the follower's bus: how soon a stop
/// is, and how fast the goals go when the leader is lost for a while or turned over the end of its encoder.</summary>
internal sealed class Following : IAsyncDisposable
{
    private const int Pan = 0;
    private const int Roll = 4;
    private const double Speed = 36;
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(200);

    private readonly TempFolder folder = new();
    private readonly GuidedHand hand = new(-80, -60, 55, 25, 100, 20);
    private readonly EmulatedBus leader;
    private readonly EmulatedBus follower;
    private readonly RunningProcess agent;
    private readonly double[] pose = new double[ArmJoint.Count];

    private Following()
    {
        leader = new EmulatedBus(EmulatedArm.So101(ArmRole.Leader, hand), folder.File("leader"));
        follower = new EmulatedBus(EmulatedArm.So101(ArmRole.Follower), folder.File("follower"));
        agent = ArmadaProgram.Start("Armada.EdgeAgent", "run", "--config", Configuration());
    }

    private string ControlSocket => folder.File("agent.sock");

    public static async Task<IReadOnlyList<Row>> MeasureAsync(int stops)
    {
        await using var pair = new Following();
        await pair.ComesAsync(Pan, -80);
        await pair.ComesAsync(Roll, 100);
        var holds = new List<double>();
        for (var stop = 0; stop < stops; stop++)
            holds.Add(await pair.StopAsync(stop % 2 == 0 ? 0 : -80));
        await pair.ComesAsync(Pan, stops % 2 == 0 ? -80 : 0);
        await pair.GoAsync(Pan, -80);
        var stall = await pair.PeakAsync(Pan, -20, () => pair.DarkAsync(TimeSpan.FromMilliseconds(250)));
        var supply = await pair.PeakAsync(Pan, -80, () => pair.UnpoweredAsync(TimeSpan.FromMilliseconds(700)));
        var wrap = await pair.PeakAsync(Roll, 200, () => Task.CompletedTask);
        return
        [
            new Row("stop asked → hold on the bus, one machine", $"{Rounds.Median(holds):0.0} ms, at most {holds.Max():0.0}", "-", $"{Rounds.Median(holds):0.0} ms", "≤ 20 ms"),
            Peak("no reading for 250 ms", stall, "≤ 1.5"),
            Peak("leader's supply lost for 0.7 s: 45 °/s and the leader's", supply, "≤ 2.25"),
            Peak("wrist over the end of its encoder", wrap, "≤ 1.5"),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await agent.DisposeAsync();
        leader.Dispose();
        follower.Dispose();
        folder.Dispose();
    }

    private static Row Peak(string what, double peak, string builtFor) =>
        new($"follower's peak speed: {what}", $"{peak:0} °/s", $"leader {Speed:0} °/s", $"{peak / Speed:0.00}", builtFor);

    /// <summary>Milliseconds from the request to the hold.</summary>
    private async Task<double> StopAsync(double to)
    {
        hand.Go(Pan, to, Speed);
        var since = follower.Journal.Count;
        await Eventually.Holds("the follower moves", () => Goals(since, Pan) is { Count: > 30 } goals && goals[^1].Degrees != goals[^2].Degrees);
        var asked = Stopwatch.GetTimestamp();
        await AskAsync("stop");
        await Eventually.Holds("it holds", () => Goals(since, Pan) is var goals && goals[^1].Degrees == goals[^3].Degrees);
        var held = Goals(since, Pan).SkipWhile(goal => goal.Timestamp < asked).ToList();
        var hold = held.FindIndex(goal => goal.Degrees == held[^1].Degrees);
        await AskAsync("reset");
        await ComesAsync(Pan, to);
        return Stopwatch.GetElapsedTime(asked, held[hold].Timestamp).TotalMilliseconds;
    }

    private async Task<double> PeakAsync(int joint, double to, Func<Task> disturb)
    {
        var since = follower.Journal.Count;
        hand.Go(joint, to, Speed);
        await Eventually.Holds("the follower moves", () => Goals(since, joint).Count > 150);
        await disturb();
        await ComesAsync(joint, Math.Min(to, 162.8));
        var (fastest, first, goals) = (0.0, 0, Goals(since, joint));
        foreach (var (timestamp, degrees) in goals)
        {
            while (Stopwatch.GetElapsedTime(goals[first + 1].Timestamp, timestamp) >= Window)
                first++;
            var elapsed = Stopwatch.GetElapsedTime(goals[first].Timestamp, timestamp);
            if (elapsed >= Window)
                fastest = Math.Max(fastest, Math.Abs(degrees - goals[first].Degrees) / elapsed.TotalSeconds);
        }

        return fastest;
    }

    private async Task GoAsync(int joint, double to)
    {
        hand.Go(joint, to, Speed);
        await ComesAsync(joint, to);
    }

    private async Task DarkAsync(TimeSpan duration)
    {
        foreach (var joint in ArmJoint.All)
            leader.Faults.Silence(joint.Id);
        await Task.Delay(duration);
        foreach (var joint in ArmJoint.All)
            leader.Faults.Silence(joint.Id, silent: false);
    }

    private async Task UnpoweredAsync(TimeSpan duration)
    {
        leader.Arm.Supply = 0;
        await Task.Delay(duration);
        leader.Arm.Supply = 7.4;
    }

    private Task ComesAsync(int joint, double position) => Eventually.Holds(
        () => $"the follower's {ArmJoint.All[joint]} comes to {position}; it is at {Joint(joint):0.0}; the agent printed:\n{agent.Output}",
        () => Math.Abs(Joint(joint) - position) < 2,
        TimeSpan.FromSeconds(30));

    private double Joint(int joint)
    {
        follower.Arm.Pose(pose);
        return pose[joint];
    }

    private List<(long Timestamp, double Degrees)> Goals(long since, int joint)
    {
        var calibration = EmulatedJoint.Calibration(ArmRole.Follower).Joints[joint];
        return [.. follower.Journal.Since(since)
            .Where(write => write.Instruction == Instruction.SyncWrite && write.Id == joint + 1 && write.Of(Sts3215.GoalPosition) is not null)
            .Select(write => (write.Timestamp, calibration.Normalize(write.Of(Sts3215.GoalPosition)!.Value, JointScale.Degrees)))];
    }

    private async Task AskAsync(string command)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(ControlSocket));
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(command + "\n"));
        using var reader = new StreamReader(stream);
        await reader.ReadLineAsync();
    }

    private string Configuration() => folder.Write("agent.json", new JsonObject
    {
        ["control_socket"] = ControlSocket,
        ["devices"] = new JsonArray(
            new JsonObject { ["name"] = "leader", ["kind"] = "so101-leader", ["port"] = leader.Port, ["calibration"] = "eeprom" },
            new JsonObject { ["name"] = "follower", ["kind"] = "so101-follower", ["port"] = follower.Port, ["calibration"] = "eeprom" }),
        ["local"] = new JsonArray(new JsonObject { ["leader"] = "leader", ["followers"] = new JsonArray("follower") }),
    }.ToJsonString());
}
