using System.Text;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Topics;
using Armada.Mqtt;

namespace Armada.Bench.Load;

/// <summary>
/// Leaders that stream and followers that only say they live. Latency is taken from a leader's publish to the arrival of the command made
/// of it, on one link for publishing and one for receiving.
/// </summary>
internal sealed class ArmLoad
{
    private const int Joints = 6;
    private const int FollowerHz = 10;

    private readonly IMqttLink publisher;
    private readonly string[] leaderState;
    private readonly string[] followerState;
    private readonly uint[] epochs;
    private readonly Dictionary<string, int> leaders = [];
    private readonly Lock gate = new();
    private readonly Histogram latency = new();
    private readonly byte[] buffer = new byte[FrameCodec.MaxSize];
    private readonly double[] pose = new double[Joints];
    private readonly TopicMap topics = new();
    private uint sequence;

    public ArmLoad(IMqttLink publisher, IMqttLink receiver, int arms)
    {
        this.publisher = publisher;
        leaderState = [.. Enumerable.Range(0, arms).Select(i => topics.Of(LeaderName(i), Channel.State))];
        followerState = [.. Enumerable.Range(0, arms).Select(i => topics.Of(FollowerName(i), Channel.State))];
        epochs = new uint[arms];
        for (var i = 0; i < arms; i++)
            leaders[LeaderName(i)] = i;
        receiver.Subscribe(topics.Every(Channel.Command), Delivery.Sample, OnCommand);
        receiver.Subscribe(topics.Every(Channel.Control), Delivery.Control, OnControl);
    }

    public int Arms => leaderState.Length;

    public static string LeaderName(int arm) => $"bench-leader-{arm}";

    public static string FollowerName(int arm) => $"bench-follower-{arm}";

    /// <summary>Whether every leader was told an epoch.</summary>
    public bool AllLive => epochs.All(epoch => epoch != 0);

    /// <summary>Streams for a time and waits for the stragglers.</summary>
    /// <param name="hz">Frames per second of each leader.</param>
    /// <param name="duration">For how long.</param>
    /// <returns>Frames sent, commands received, latencies.</returns>
    public Measurement Run(double hz, TimeSpan duration)
    {
        lock (gate)
            latency.Clear();
        var sent = Stream(hz, duration);
        var deadline = WallClock.Microseconds + 500_000;
        while (Received() < sent && WallClock.Microseconds < deadline)
            Pause();
        lock (gate)
            return new Measurement(sent, latency.Count, latency.At(0.5), latency.At(0.99));
    }

    /// <summary>Waits until nothing more arrives.</summary>
    public async Task DrainAsync()
    {
        for (var before = -1L; before != Received();)
        {
            before = Received();
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }
    }

    private long Received()
    {
        lock (gate)
            return latency.Count;
    }

    // Spread evenly: every millisecond its share of all leaders' frames, so that the broker sees arms and not bursts.
    private long Stream(double hz, TimeSpan duration)
    {
        var begin = WallClock.Microseconds;
        var perMicro = Arms * hz / 1e6;
        var followerPerMicro = Arms * FollowerHz / 1e6;
        long sent = 0, alive = 0;
        while (true)
        {
            var elapsed = WallClock.Microseconds - begin;
            if (elapsed >= duration.TotalMicroseconds)
                return sent;
            for (; sent < elapsed * perMicro; sent++)
                PublishLeader((int)(sent % Arms));
            for (; alive < elapsed * followerPerMicro; alive++)
                PublishFollower((int)(alive % Arms));
            Pause();
        }
    }

    private void PublishLeader(int arm)
    {
        sequence++;
        pose.AsSpan().Fill(sequence / Arms % 100 * 0.1);
        Publish(leaderState[arm], new FrameHeader(FrameKind.State, FrameFlags.None, Joints, sequence, WallClock.Microseconds, Volatile.Read(ref epochs[arm]), 0));
    }

    private void PublishFollower(int arm)
    {
        pose.AsSpan().Clear();
        Publish(
            followerState[arm],
            new FrameHeader(FrameKind.State, FrameFlags.TorqueOn, Joints, ++sequence, WallClock.Microseconds, Volatile.Read(ref epochs[arm]), 0));
    }

    private void Publish(string topic, in FrameHeader header)
    {
        var length = FrameCodec.Write(buffer, header, pose);
        publisher.Publish(topic, buffer.AsSpan(0, length), Delivery.Sample);
    }

    private void OnCommand(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        var now = WallClock.Microseconds;
        // The relay sends follower states back as well; they carry torque and are no commands of ours.
        lock (gate)
        {
            while (FrameCodec.TryRead(ref payload, out var frame, out _))
            {
                if ((frame.Header.Flags & FrameFlags.TorqueOn) == 0)
                    latency.Add(now - frame.Header.CapturedAt);
            }
        }
    }

    private void OnControl(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (topics.TryParse(topic, out var device, out _)
            && ControlJson.ReadMessage(payload) is { Op: ControlOp.StreamStart, Epoch: { } epoch }
            && leaders.TryGetValue(Encoding.UTF8.GetString(device), out var arm))
            Volatile.Write(ref epochs[arm], epoch);
    }

    private static void Pause() => Thread.Sleep(1);
}

/// <summary>One run of a load: microseconds, publish to arrival.</summary>
internal sealed record Measurement(long Sent, long Received, double P50, double P99)
{
    public bool Lossless => Received >= Sent;

    /// <summary>Whether nothing was lost and the load itself was able to send at the rate.</summary>
    public bool KeepsUp(double rate, TimeSpan round) => Lossless && Sent >= 0.98 * rate * round.TotalSeconds;
}
