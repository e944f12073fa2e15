using System.Text;
using System.Text.Json.Nodes;
using Armada.Core.Control;
using Armada.Core.Topics;

namespace Armada.Up;

/// <summary>Observes both arms and the silo over REST: poses, the lag of each command, counters, faults.</summary>
/// <remarks>All members may be called from any thread.</remarks>
internal sealed class MotionMonitor(SiloClient silo)
{
    private const int Joints = 6;
    private const int BodyJoints = 5;
    private const int Capacity = 30_000;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan CountersTimeout = TimeSpan.FromSeconds(6);

    private readonly TopicMap topics = new();
    private readonly Lock sync = new();
    private readonly PoseHistory leader = new(Joints, Capacity);
    private readonly PoseHistory follower = new(Joints, Capacity);
    private readonly List<double> lagsMs = new(Capacity);
    private readonly Dictionary<string, Presence> presences = [];
    private readonly List<(string Device, TaskCompletionSource<Presence> Next)> awaited = [];
    private readonly HashSet<string> reportedFaults = [];
    private uint lastEcho;
    private long leaderFrames;

    /// <summary>Observes both arms until canceled.</summary>
    public Task ObserveAsync(CancellationToken cancellation) =>
        Task.WhenAll(ObserveAsync(DemoEnvironment.Leader, cancellation), ObserveAsync(DemoEnvironment.Follower, cancellation));

    /// <summary>Whether the follower is live and past its approach, and both agents have reported their counters.</summary>
    public async Task<bool> IsTrackingAsync(CancellationToken cancellation) =>
        await silo.GetRobotAsync(cancellation) is { MasterState: "live", SlaveState: "live", Approaching: false }
        && PresenceOf(DemoEnvironment.Leader)?.Counters is not null
        && PresenceOf(DemoEnvironment.Follower)?.Counters is not null;

    /// <param name="eachSecond">Called every second; may throw to end the measurement.</param>
    public async Task<Measurement> MeasureAsync(TimeSpan duration, Action eachSecond, CancellationToken cancellation)
    {
        await Task.Delay(WarmUp, cancellation);
        var before = await CountAsync(cancellation);
        Restart();
        for (var left = duration; left > TimeSpan.Zero; left -= TimeSpan.FromSeconds(1))
        {
            await Task.Delay(left < TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1), cancellation);
            eachSecond();
        }

        var (_, lagMs, errorDegrees) = Read();
        var after = await CountAsync(cancellation);
        return new Measurement(
            after.Routed - before.Routed,
            after.Drops.Since(before.Drops),
            lagMs,
            errorDegrees,
            new Dictionary<string, double>
            {
                ["leader"] = LateTicksPercent(before.Leader, after.Leader),
                ["follower"] = LateTicksPercent(before.Follower, after.Follower),
            });
    }

    public void Restart()
    {
        lock (sync)
        {
            leader.Clear();
            follower.Clear();
            lagsMs.Clear();
            leaderFrames = 0;
        }
    }

    /// <summary>What was measured since the last <see cref="Restart"/>.</summary>
    public (long LeaderFrames, Percentiles LagMs, Percentiles ErrorDegrees) Read()
    {
        lock (sync)
            return (leaderFrames, new Percentiles(lagsMs), TrackingError.Of(leader, follower, BodyJoints));
    }

    /// <summary>All drops that silo and agents have counted so far, as last reported.</summary>
    public async Task<FrameDrops> DropsAsync(CancellationToken cancellation) => FrameDrops.Of(
        await silo.GetFleetAsync(cancellation), PresenceOf(DemoEnvironment.Leader), PresenceOf(DemoEnvironment.Follower));

    public Presence? PresenceOf(string device)
    {
        lock (sync)
            return presences.GetValueOrDefault(device);
    }

    /// <summary>Faults that the arms have reported since the last call, each once, with the name of its arm.</summary>
    public IReadOnlyList<string> TakeNewFaults()
    {
        lock (sync)
        {
            return [.. presences
                .SelectMany(presence => presence.Value.Faults ?? [], (presence, fault) => $"{presence.Key}: {fault}")
                .Where(reportedFaults.Add)];
        }
    }

    /// <summary>All counters, with each agent's next report, so that both ends of a measurement are counted alike.</summary>
    private async Task<(long Routed, FrameDrops Drops, Presence Leader, Presence Follower)> CountAsync(CancellationToken cancellation)
    {
        var nextLeader = NextPresenceAsync(DemoEnvironment.Leader, cancellation);
        var nextFollower = NextPresenceAsync(DemoEnvironment.Follower, cancellation);
        await Task.WhenAll(nextLeader, nextFollower);
        var fleet = await silo.GetFleetAsync(cancellation);
        return (fleet.Routed, FrameDrops.Of(fleet, await nextLeader, await nextFollower), await nextLeader, await nextFollower);
    }

    private async Task<Presence> NextPresenceAsync(string device, CancellationToken cancellation)
    {
        var next = new TaskCompletionSource<Presence>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (sync)
            awaited.Add((device, next));
        try
        {
            return await next.Task.WaitAsync(CountersTimeout, cancellation);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{device} did not report its counters within {CountersTimeout.TotalSeconds:0} s");
        }
    }

    private static double LateTicksPercent(Presence before, Presence after)
    {
        var ticks = Counter(after, "ticks") - Counter(before, "ticks");
        return ticks == 0 ? 100 : 100.0 * (Counter(after, "ticks.late") - Counter(before, "ticks.late")) / ticks;

        static long Counter(Presence presence, string name) => presence.Counters?.GetValueOrDefault(name) ?? 0;
    }

    private async Task ObserveAsync(string device, CancellationToken cancellation)
    {
        await foreach (var seen in silo.TapAsync(device, cancellation))
        {
            var topic = (string)seen["topic"]!;
            if (topic == topics.Of(device, Channel.State) && seen["frames"] is JsonArray frames)
                TakeFrames(device == DemoEnvironment.Leader, frames);
            else if (topic == topics.Of(device, Channel.Presence) && seen["message"] is { } message
                && ControlJson.ReadPresence(Encoding.UTF8.GetBytes(message.ToJsonString())) is { } presence)
            {
                TakePresence(device, presence);
            }
        }
    }

    private void TakeFrames(bool isLeader, JsonArray frames)
    {
        lock (sync)
        {
            foreach (var frame in frames)
            {
                var pose = frame!["positions"]!.AsArray().Select(position => (double?)position ?? double.NaN).ToArray();
                if (pose.Length != Joints)
                    continue;
                var capturedAt = (long)frame["captured_at_us"]!;
                (isLeader ? leader : follower).Add(capturedAt, pose);
                if (isLeader)
                    leaderFrames++;
                else if (frame["echo"] is { } echo)
                    AddLag(capturedAt, echo);
            }
        }
    }

    // One machine, one clock: the state's capture time less the time the command was held is when the command was written to the bus.
    private void AddLag(long capturedAt, JsonNode echo)
    {
        if ((uint)echo["sequence"]! is var sequence && sequence == lastEcho)
            return;
        lastEcho = sequence;
        lagsMs.Add((capturedAt - (uint)echo["held_us"]! - (long)echo["captured_at_us"]!) / 1000.0);
    }

    private void TakePresence(string device, Presence presence)
    {
        lock (sync)
        {
            presences[device] = presence;
            foreach (var (_, next) in awaited.Where(wait => wait.Device == device))
                next.TrySetResult(presence);
            awaited.RemoveAll(wait => wait.Device == device);
        }
    }
}
