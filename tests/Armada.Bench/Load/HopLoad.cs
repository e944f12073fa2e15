using System.Text;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Bench.Load;

/// <summary>
/// Arms with a connection for each leader and each follower. Half of the leaders can go to another silo than their robots'; all stream at the
/// same time, so that the two halves differ in that alone.
/// </summary>
internal sealed class HopLoad : IAsyncDisposable
{
    private const int Joints = 6;
    private const double Hz = 100;

    private readonly TopicMap topics = new();
    private readonly Lock gate = new();
    private readonly (Histogram Near, Histogram Far) latency = (new(), new());
    private readonly byte[] buffer = new byte[FrameCodec.MaxSize];
    private readonly double[] pose = new double[Joints];
    private readonly Arm[] arms;
    private readonly CancellationTokenSource ending = new();
    private readonly Task streaming;
    private uint sequence;

    private HopLoad(int count, int port)
    {
        arms = [.. Enumerable.Range(0, count).Select(index => new Arm(index, Link(Arm.LeaderOf(index), port), Link(Arm.FollowerOf(index), port)))];
        streaming = Task.Factory.StartNew(Stream, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Whether every follower is commanded by an epoch that its leader was told.</summary>
    public bool IsCommanded => arms.All(arm => Volatile.Read(ref arm.Commands) > 0);

    /// <param name="count">Arms, an even number.</param>
    /// <param name="port">Where the first silo takes devices without TLS.</param>
    public static async Task<HopLoad> StartAsync(int count, int port)
    {
        var load = new HopLoad(count, port);
        foreach (var arm in load.arms)
        {
            await arm.Leader.StartAsync(CancellationToken.None);
            await arm.Follower.StartAsync(CancellationToken.None);
        }

        return load;
    }

    /// <summary>Every other leader goes to another silo, and goes on from there.</summary>
    public async Task SeparateAsync(int port)
    {
        foreach (var arm in arms.Where(arm => arm.IsFar))
        {
            var before = arm.Leader;
            arm.Leader = Link(Arm.LeaderOf(arm.Index), port);
            await before.DisposeAsync();
            await arm.Leader.StartAsync(CancellationToken.None);
            await Eventually.Holds("the leader is connected to the other silo", () => arm.Leader.State == LinkState.Up);
        }
    }

    /// <summary>Latencies from publish to the command's arrival over a time, of leaders at their robots' silo and of those at another.</summary>
    public async Task<(Measurement Near, Measurement Far)> MeasureAsync(TimeSpan span)
    {
        lock (gate)
        {
            latency.Near.Clear();
            latency.Far.Clear();
        }

        await Task.Delay(span);
        var sent = (long)(arms.Length / 2 * Hz * span.TotalSeconds);
        lock (gate)
            return (Of(latency.Near, sent), Of(latency.Far, sent));
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await streaming;
        foreach (var arm in arms)
        {
            await arm.Leader.DisposeAsync();
            await arm.Follower.DisposeAsync();
        }

        ending.Dispose();
    }

    private static Measurement Of(Histogram histogram, long sent) => new(sent, histogram.Count, histogram.At(0.5), histogram.At(0.99), histogram.At(0.999));

    private MqttLink Link(string device, int port)
    {
        var link = new MqttLink(new LinkOptions { ClientId = device, Instance = device, Port = port }, NullLogger<MqttLink>.Instance);
        link.Subscribe(topics.Of(device, Channel.Command), Delivery.Sample, OnCommand);
        link.Subscribe(topics.Of(device, Channel.Control), Delivery.Control, OnControl);
        return link;
    }

    private void Stream()
    {
        var begin = WallClock.Microseconds;
        for (long sent = 0; !ending.IsCancellationRequested; Thread.Sleep(1))
        {
            for (var due = (WallClock.Microseconds - begin) * arms.Length * Hz / 1e6; sent < due; sent++)
            {
                var arm = arms[sent % arms.Length];
                pose.AsSpan().Fill(sent / arms.Length % 100 * 0.1);
                Publish(arm.Leader, Arm.LeaderOf(arm.Index), Volatile.Read(ref arm.LeaderEpoch));
                if (sent / arms.Length % 10 == 0)
                    Publish(arm.Follower, Arm.FollowerOf(arm.Index), Volatile.Read(ref arm.FollowerEpoch));
            }
        }
    }

    private void Publish(MqttLink link, string device, uint epoch)
    {
        var header = new FrameHeader(FrameKind.State, FrameFlags.TorqueOn, Joints, ++sequence, WallClock.Microseconds, epoch, 0);
        link.Publish(topics.Of(device, Channel.State), buffer.AsSpan(0, FrameCodec.Write(buffer, header, pose)), Delivery.Sample);
    }

    private Arm ArmOf(ReadOnlySpan<byte> topic, out bool isLeader)
    {
        var device = topics.TryParse(topic, out var name, out _) ? Encoding.UTF8.GetString(name) : throw new InvalidOperationException("a foreign topic");
        isLeader = device.StartsWith(Arm.LeaderOf(0)[..^1], StringComparison.Ordinal);
        return arms[int.Parse(device[(device.LastIndexOf('-') + 1)..], System.Globalization.CultureInfo.InvariantCulture)];
    }

    private void OnCommand(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        var (now, arm) = (WallClock.Microseconds, ArmOf(topic, out _));
        Interlocked.Increment(ref arm.Commands);
        lock (gate)
        {
            while (FrameCodec.TryRead(ref payload, out var frame, out _))
                (arm.IsFar ? latency.Far : latency.Near).Add(now - frame.Header.CapturedAt);
        }
    }

    private void OnControl(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (ControlJson.ReadMessage(payload) is not { } message)
            return;
        var arm = ArmOf(topic, out var isLeader);
        if (message.Op == ControlOp.StreamStart)
            Volatile.Write(ref isLeader ? ref arm.LeaderEpoch : ref arm.FollowerEpoch, message.Epoch!.Value);
        var (link, device) = isLeader ? (arm.Leader, Arm.LeaderOf(arm.Index)) : (arm.Follower, Arm.FollowerOf(arm.Index));
        link.Publish(topics.Of(device, Channel.ControlReply), ControlJson.Write(new ControlReply(message.Id, true)), Delivery.Control);
    }

    private sealed class Arm(int index, MqttLink leader, MqttLink follower)
    {
        public uint LeaderEpoch;
        public uint FollowerEpoch;
        public long Commands;

        public int Index => index;

        public bool IsFar => index % 2 == 1;

        public MqttLink Leader { get; set; } = leader;

        public MqttLink Follower => follower;

        public static string LeaderOf(int arm) => ArmLoad.LeaderName(arm);

        public static string FollowerOf(int arm) => ArmLoad.FollowerName(arm);
    }
}
