using System.Collections.Concurrent;
using System.Diagnostics;
using Armada.Core.Robots;
using Armada.Devices.ServoBus;
using Armada.Emulators.Bus;

namespace Armada.Bench.Chaos;

/// <summary>
/// Looks at the follower's servos all the time: no joint may be faster than its limit, and none may move while the robot is stopped. What
/// was wrong is kept, and the worst of what was right. A thread of its own, as the arm's servos have.
/// </summary>
internal sealed class BusWatcher : IDisposable
{
    private const int Joints = 6;
    private const double MaxDrift = 1.5; // Degrees or percent, once it has come to rest.

    private static readonly TimeSpan Span = TimeSpan.FromMilliseconds(100);

    // While this process gets no processor the emulated servos stand still, and catch up afterwards as no servo would.
    private static readonly TimeSpan Stall = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Settles = TimeSpan.FromMilliseconds(500);

    private readonly EmulatedBus bus;
    private readonly double maxShare;
    private readonly double[] limits = [.. RobotModels.So101.Joints.Select(joint => joint.MaxVelocity)];
    private readonly string[] names = [.. RobotModels.So101.Joints.Select(joint => joint.Name)];
    private readonly Queue<(long At, double[] Pose, double[] Goals)> recent = [];
    private readonly long[] hurried = new long[Joints]; // When a joint's goal was last too fast.
    private readonly Thread thread;
    private volatile double[]? rest;
    private volatile bool isEnding;
    private long reported;
    private long looked;
    private long stalled;

    /// <param name="bus">The follower's.</param>
    /// <param name="slack">Share of a limit beyond it that counts as the machine's: a servo lags behind its goal and catches up.</param>
    public BusWatcher(EmulatedBus bus, double slack)
    {
        (this.bus, maxShare) = (bus, 1 + slack);
        thread = new Thread(Watch) { IsBackground = true };
        thread.Start();
    }

    public ConcurrentQueue<string> Violations { get; } = [];

    /// <summary>Highest share of a joint's limit over a tenth of a second, servos that catch up included.</summary>
    public double WorstSpeed { get; private set; }

    /// <summary>How often it looked, and how often the machine was quiet enough to judge speeds.</summary>
    public long Looks { get; private set; }

    public long Judged { get; private set; }

    /// <summary>Degrees or percent that a joint moved while stopped.</summary>
    public double WorstDrift { get; private set; }

    /// <summary>From now on no joint may move.</summary>
    public void BeginRest() => rest = Pose();

    public void EndRest() => rest = null;

    /// <summary>How long after a moment a goal last became another one; zero where none did.</summary>
    public TimeSpan LastGoalAfter(long moment)
    {
        var goals = new Dictionary<byte, int>();
        var last = moment;
        foreach (var write in bus.Journal.Since())
        {
            if (write.Of(Sts3215.GoalPosition) is not { } goal)
                continue;
            if (write.Timestamp > moment && goals.TryGetValue(write.Id, out var before) && before != goal)
                last = write.Timestamp;
            goals[write.Id] = goal;
        }

        return Stopwatch.GetElapsedTime(moment, last);
    }

    public void Dispose()
    {
        isEnding = true;
        thread.Join();
    }

    private void Watch()
    {
        while (!isEnding)
        {
            var (now, pose) = (Stopwatch.GetTimestamp(), Pose());
            if (looked != 0 && Stopwatch.GetElapsedTime(looked, now) > Stall)
                stalled = now;
            looked = now;
            Looks++;
            var goals = Goals();
            recent.Enqueue((now, pose, goals));
            while (recent.Count > 1 && Stopwatch.GetElapsedTime(recent.ElementAt(1).At, now) >= Span)
                recent.Dequeue();
            var (since, before, goalsBefore) = recent.Peek();
            var isJudged = Stopwatch.GetElapsedTime(since, now) >= Span && (stalled == 0 || Stopwatch.GetElapsedTime(stalled, now) > Settles);
            Judged += isJudged ? 1 : 0;
            for (var joint = 0; joint < Joints && isJudged; joint++)
            {
                var seconds = Stopwatch.GetElapsedTime(since, now).TotalSeconds;
                Check(joint, (pose[joint] - before[joint]) / seconds, (goals[joint] - goalsBefore[joint]) / seconds, now);
            }

            if (rest is { } held)
                CheckRest(pose, held);
            Thread.Sleep(5);
        }
    }

    // A servo that lags behind its goal and catches up is faster than the goal, whose speed is the agent's; a goal that is set to where an
    // arm stands leaps, and nothing moves.
    private void Check(int joint, double speed, double goalSpeed, long now)
    {
        if (bus.Arm.Read(bus.Arm.Joints[joint].Id, Sts3215.TorqueEnable) != 1)
            return; // Its weight moves it.
        var share = Math.Abs(speed) / limits[joint];
        WorstSpeed = Math.Max(WorstSpeed, share);
        if (Math.Abs(goalSpeed) / limits[joint] > maxShare)
            hurried[joint] = now;
        if (share > maxShare && hurried[joint] != 0 && Stopwatch.GetElapsedTime(hurried[joint], now) < Settles)
            Report($"{names[joint]} moved at {speed:0} a second behind a goal that was too fast, its limit is {limits[joint]:0}");
    }

    private void CheckRest(double[] pose, double[] held)
    {
        for (var joint = 0; joint < Joints; joint++)
        {
            var drift = Math.Abs(pose[joint] - held[joint]);
            WorstDrift = Math.Max(WorstDrift, drift);
            if (drift > MaxDrift)
                Report($"{names[joint]} moved by {drift:0.0} while stopped");
        }
    }

    private double[] Pose()
    {
        var pose = new double[Joints];
        bus.Arm.Pose(pose);
        return pose;
    }

    private double[] Goals() => [.. bus.Arm.Joints.Select(joint => joint.FromSteps(bus.Arm.Read(joint.Id, Sts3215.GoalPosition)))];

    // Once a second: what is wrong stays wrong for many looks.
    private void Report(string text)
    {
        if (reported != 0 && Stopwatch.GetElapsedTime(reported) < TimeSpan.FromSeconds(1))
            return;
        reported = Stopwatch.GetTimestamp();
        Violations.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {text}");
    }
}
