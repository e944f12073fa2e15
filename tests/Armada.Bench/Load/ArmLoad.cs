using System.Security.Cryptography.X509Certificates;
using Armada.Core.Frames;
using Armada.Core.Topics;

namespace Armada.Bench.Load;

/// <summary>
/// Leaders that stream and followers that only say they live, each on a connection of its own. Latency is taken from a leader's publish to
/// the arrival of the command made of it.
/// </summary>
internal sealed class ArmLoad : IAsyncDisposable
{
    private const int Joints = 6;
    private const int FollowerHz = 10;
    private const int Connecting = 32;

    private readonly DeviceSocket[] leaders;
    private readonly DeviceSocket[] followers;
    private readonly Lock gate = new();
    private readonly Histogram latency = new();
    private readonly byte[] buffer = new byte[FrameCodec.MaxSize];
    private readonly double[] pose = new double[Joints];
    private uint sequence;

    private ArmLoad(int arms) => (leaders, followers) = (new DeviceSocket[arms], new DeviceSocket[arms]);

    public int Arms => leaders.Length;

    /// <summary>Whether every leader was told an epoch.</summary>
    public bool AllLive => leaders.All(leader => leader.Epoch != 0);

    public static string LeaderName(int arm) => $"bench-leader-{arm}";

    public static string FollowerName(int arm) => $"bench-follower-{arm}";

    /// <summary>Connects so many pairs to a port on loopback.</summary>
    /// <param name="port">Of the silo or broker.</param>
    /// <param name="arms">Pairs of a leader and a follower.</param>
    /// <param name="certificateOf">A device's certificate, by its name; null for no TLS.</param>
    public static async Task<ArmLoad> ConnectAsync(int port, int arms, Func<string, X509Certificate2>? certificateOf)
    {
        var load = new ArmLoad(arms);
        var topics = new TopicMap();
        await Parallel.ForEachAsync(Enumerable.Range(0, 2 * arms), new ParallelOptions { MaxDegreeOfParallelism = Connecting }, async (index, cancellation) =>
        {
            var (isLeader, arm) = (index % 2 == 0, index / 2);
            var name = isLeader ? LeaderName(arm) : FollowerName(arm);
            var device = await DeviceSocket.ConnectAsync(port, name, certificateOf?.Invoke(name), topics, isLeader ? static _ => { } : load.Hear, cancellation);
            (isLeader ? load.leaders : load.followers)[arm] = device;
        });
        return load;
    }

    /// <summary>Streams for a time and waits for the stragglers.</summary>
    /// <param name="hz">Frames per second of each leader.</param>
    /// <param name="duration">For how long.</param>
    public Measurement Run(double hz, TimeSpan duration)
    {
        lock (gate)
            latency.Clear();
        var sent = Stream(hz, duration);
        var deadline = WallClock.Microseconds + 500_000;
        while (Received() < sent && WallClock.Microseconds < deadline)
            Pause();
        lock (gate)
            return new Measurement(sent, latency.Count, latency.At(0.5), latency.At(0.99), latency.At(0.999));
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

    public async ValueTask DisposeAsync()
    {
        foreach (var device in leaders.Concat(followers))
            await device.DisposeAsync();
    }

    private long Received()
    {
        lock (gate)
            return latency.Count;
    }

    // Spread evenly: every millisecond its share of all leaders' frames, so that arms are seen and not bursts.
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
        Publish(leaders[arm], FrameFlags.None);
    }

    private void PublishFollower(int arm)
    {
        sequence++;
        pose.AsSpan().Clear();
        Publish(followers[arm], FrameFlags.TorqueOn);
    }

    private void Publish(DeviceSocket device, FrameFlags flags)
    {
        var header = new FrameHeader(FrameKind.State, flags, Joints, sequence, WallClock.Microseconds, device.Epoch, 0);
        device.Send(buffer.AsSpan(0, FrameCodec.Write(buffer, header, pose)));
    }

    private void Hear(ReadOnlySpan<byte> payload)
    {
        var now = WallClock.Microseconds;
        lock (gate)
        {
            while (FrameCodec.TryRead(ref payload, out var frame, out _))
                latency.Add(now - frame.Header.CapturedAt);
        }
    }

    private static void Pause() => Thread.Sleep(1);
}

/// <summary>One run of a load: microseconds, publish to arrival.</summary>
internal sealed record Measurement(long Sent, long Received, double P50, double P99, double P999)
{
    public bool Lossless => Received >= Sent;

    /// <summary>Whether nothing was lost and the load itself was able to send at the rate.</summary>
    public bool KeepsUp(double rate, TimeSpan round) => Lossless && Sent >= 0.98 * rate * round.TotalSeconds;
}
