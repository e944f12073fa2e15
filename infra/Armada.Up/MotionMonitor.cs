using System.Text;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Topics;
using Armada.Mqtt;

namespace Armada.Up;

/// <summary>Observes both arms at the broker and the silo over REST: poses, the lag of each command, counters, faults.</summary>
/// <remarks>Handlers run on the link's thread; everything else may be called from any thread.</remarks>
internal sealed class MotionMonitor
{
    private const int Joints = 6;
    private const int BodyJoints = 5;
    private const int Capacity = 30_000;

    private static readonly byte[] LeaderName = Encoding.UTF8.GetBytes(DemoEnvironment.Leader);
    private static readonly byte[] FollowerName = Encoding.UTF8.GetBytes(DemoEnvironment.Follower);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan CountersTimeout = TimeSpan.FromSeconds(6);

    private readonly SiloClient silo;
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

    /// <summary>Subscribes through a link that is not started yet.</summary>
    public MotionMonitor(SiloClient silo, IMqttLink link)
    {
        this.silo = silo;
        link.Subscribe(topics.Every(Channel.State), Delivery.Sample, OnState);
        link.Subscribe(topics.Every(Channel.Presence), Delivery.Control, OnPresence);
    }

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

    private void OnState(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (!topics.TryParse(topic, out var device, out _))
            return;
        var isLeader = device.SequenceEqual(LeaderName);
        if (!isLeader && !device.SequenceEqual(FollowerName))
            return;
        Span<double> pose = stackalloc double[FrameCodec.MaxJoints];
        lock (sync)
        {
            while (!payload.IsEmpty && FrameCodec.TryRead(ref payload, out var frame, out _))
            {
                if (frame.Header.Joints != Joints)
                    continue;
                frame.CopyTo(pose);
                (isLeader ? leader : follower).Add(frame.Header.CapturedAt, pose[..Joints]);
                if (isLeader)
                    leaderFrames++;
                else if (frame.HasEcho && frame.Echo.Sequence != lastEcho)
                    AddLag(frame);
            }
        }
    }

    // One machine, one clock: the state's capture time less the time the command was held is when the command was written to the bus.
    private void AddLag(in FrameView frame)
    {
        lastEcho = frame.Echo.Sequence;
        lagsMs.Add((frame.Header.CapturedAt - frame.Echo.HeldMicros - frame.Echo.CapturedAt) / 1000.0);
    }

    private void OnPresence(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (!topics.TryParse(topic, out var device, out _) || ControlJson.ReadPresence(payload) is not { } presence)
            return;
        var name = Encoding.UTF8.GetString(device);
        lock (sync)
        {
            presences[name] = presence;
            foreach (var (_, next) in awaited.Where(wait => wait.Device == name))
                next.TrySetResult(presence);
            awaited.RemoveAll(wait => wait.Device == name);
        }
    }
}
