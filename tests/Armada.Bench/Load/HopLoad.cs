using Armada.Core.Frames;
using Armada.Core.Topics;

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
    private Task streaming = Task.CompletedTask;
    private uint sequence;

    private HopLoad(int count) => arms = [.. Enumerable.Range(0, count).Select(index => new Arm(index))];

    /// <summary>Whether every follower is commanded by an epoch that its leader was told.</summary>
    public bool IsCommanded => arms.All(arm => Volatile.Read(ref arm.Commands) > 0);

    /// <param name="count">Arms, an even number.</param>
    /// <param name="port">Where the first silo takes devices without TLS.</param>
    public static async Task<HopLoad> StartAsync(int count, int port)
    {
        var load = new HopLoad(count);
        foreach (var arm in load.arms)
        {
            arm.Leader = await load.ConnectAsync(port, ArmLoad.LeaderName(arm.Index), static _ => { });
            arm.Follower = await load.ConnectAsync(port, ArmLoad.FollowerName(arm.Index), payload => load.Hear(arm, payload));
        }

        load.streaming = Task.Factory.StartNew(load.Stream, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return load;
    }

    /// <summary>Every other leader goes to another silo, and goes on from there.</summary>
    public async Task SeparateAsync(int port)
    {
        foreach (var arm in arms.Where(arm => arm.IsFar))
        {
            await Interlocked.Exchange(ref arm.Leader, null)!.DisposeAsync();
            Volatile.Write(ref arm.Leader, await ConnectAsync(port, ArmLoad.LeaderName(arm.Index), static _ => { }));
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
        foreach (var device in arms.SelectMany(arm => new[] { arm.Leader, arm.Follower }).OfType<DeviceSocket>())
            await device.DisposeAsync();
        ending.Dispose();
    }

    private static Measurement Of(Histogram histogram, long sent) => new(sent, histogram.Count, histogram.At(0.5), histogram.At(0.99), histogram.At(0.999));

    private Task<DeviceSocket> ConnectAsync(int port, string device, DeviceSocket.CommandHandler commanded) =>
        DeviceSocket.ConnectAsync(port, device, certificate: null, topics, commanded);

    private void Stream()
    {
        var begin = WallClock.Microseconds;
        for (long sent = 0; !ending.IsCancellationRequested; Thread.Sleep(1))
        {
            for (var due = (WallClock.Microseconds - begin) * arms.Length * Hz / 1e6; sent < due; sent++)
            {
                var arm = arms[sent % arms.Length];
                pose.AsSpan().Fill(sent / arms.Length % 100 * 0.1);
                Publish(Volatile.Read(ref arm.Leader));
                if (sent / arms.Length % 10 == 0)
                    Publish(arm.Follower);
            }
        }
    }

    private void Publish(DeviceSocket? device)
    {
        if (device is null)
            return;
        var header = new FrameHeader(FrameKind.State, FrameFlags.TorqueOn, Joints, ++sequence, WallClock.Microseconds, device.Epoch, 0);
        try
        {
            device.Send(buffer.AsSpan(0, FrameCodec.Write(buffer, header, pose)));
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            // It is the one that goes to the other silo.
        }
    }

    private void Hear(Arm arm, ReadOnlySpan<byte> payload)
    {
        var now = WallClock.Microseconds;
        Interlocked.Increment(ref arm.Commands);
        lock (gate)
        {
            while (FrameCodec.TryRead(ref payload, out var frame, out _))
                (arm.IsFar ? latency.Far : latency.Near).Add(now - frame.Header.CapturedAt);
        }
    }

    private sealed class Arm(int index)
    {
        public DeviceSocket? Leader;
        public DeviceSocket? Follower;
        public long Commands;

        public int Index => index;

        public bool IsFar => index % 2 == 1;
    }
}
