using System.Text;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Topics;
using Armada.Mqtt;

namespace Armada.Up.Measure;

/// <summary>Looks on from the side: both arms' poses, the lag each command took, and what the agents say of themselves.</summary>
internal sealed class MotionWatch
{
    private const int Joints = 6;
    private const int BodyJoints = 5;
    private const int Capacity = 30_000;

    private readonly TopicMap topics = new();
    private readonly Lock gate = new();
    private readonly Track leader = new(Joints, Capacity);
    private readonly Track follower = new(Joints, Capacity);
    private readonly List<double> lags = new(Capacity);
    private readonly byte[] leaderName;
    private readonly byte[] followerName;
    private readonly Dictionary<string, Presence> presences = [];
    private readonly List<(string Device, TaskCompletionSource<Presence> Next)> awaited = [];
    private readonly HashSet<string> told = [];
    private uint lastEcho;
    private long leaderFrames;

    /// <summary>Watches a pair of arms over a link that is not started yet.</summary>
    public MotionWatch(IMqttLink link, string leader, string follower)
    {
        leaderName = Encoding.UTF8.GetBytes(leader);
        followerName = Encoding.UTF8.GetBytes(follower);
        link.Subscribe(topics.Every(Channel.State), Delivery.Sample, OnState);
        link.Subscribe(topics.Every(Channel.Presence), Delivery.Control, OnPresence);
    }

    /// <summary>State frames of the leader since the last <see cref="Restart"/>.</summary>
    public long LeaderFrames => Interlocked.Read(ref leaderFrames);

    /// <summary>Begins a new measurement.</summary>
    public void Restart()
    {
        lock (gate)
        {
            leader.Clear();
            follower.Clear();
            lags.Clear();
            leaderFrames = 0;
        }
    }

    /// <summary>What was measured since the last <see cref="Restart"/>: milliseconds from capture to bus write, and the error.</summary>
    public (Percentiles LagMs, TrackingError Error) Read()
    {
        lock (gate)
            return (new Percentiles(lags), TrackingError.Of(leader, follower, BodyJoints));
    }

    /// <summary>Faults that the arms report and that were not given before, each with the name of its arm.</summary>
    public IReadOnlyList<string> NewFaults()
    {
        lock (gate)
        {
            return [.. presences
                .SelectMany(presence => presence.Value.Faults ?? [], (presence, fault) => $"{presence.Key}: {fault}")
                .Where(told.Add)];
        }
    }

    /// <summary>The last presence of a device, or null.</summary>
    public Presence? PresenceOf(string device)
    {
        lock (gate)
            return presences.GetValueOrDefault(device);
    }

    /// <summary>The first presence of a device from now on.</summary>
    /// <exception cref="TimeoutException">None came in time.</exception>
    public async Task<Presence> NextPresenceAsync(string device, TimeSpan timeout, CancellationToken cancellation)
    {
        var next = new TaskCompletionSource<Presence>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
            awaited.Add((device, next));
        try
        {
            return await next.Task.WaitAsync(timeout, cancellation);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{device} did not report its counters within {timeout.TotalSeconds:0} s");
        }
    }

    private void OnState(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (!topics.TryParse(topic, out var device, out _))
            return;
        var isLeader = device.SequenceEqual(leaderName);
        if (!isLeader && !device.SequenceEqual(followerName))
            return;
        Span<double> pose = stackalloc double[FrameCodec.MaxJoints];
        lock (gate)
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
                    TakeEcho(frame);
            }
        }
    }

    // One machine, one clock: the state's capture less the time the command was held is when its bus write was done.
    private void TakeEcho(in FrameView frame)
    {
        lastEcho = frame.Echo.Sequence;
        lags.Add((frame.Header.CapturedAt - frame.Echo.HeldMicros - frame.Echo.CapturedAt) / 1000.0);
    }

    private void OnPresence(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (!topics.TryParse(topic, out var device, out _) || ControlJson.ReadPresence(payload) is not { } presence)
            return;
        var name = Encoding.UTF8.GetString(device);
        lock (gate)
        {
            presences[name] = presence;
            foreach (var (_, next) in awaited.Where(waiting => waiting.Device == name))
                next.TrySetResult(presence);
            awaited.RemoveAll(waiting => waiting.Device == name);
        }
    }
}
