using System.Diagnostics;
using System.Text;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Tests.Cluster.Processes;

/// <summary>Many robots' leaders, which stream at 50 Hz, and followers, which say that they live and write down what they are told.</summary>
internal sealed class ArmCrowd : IAsyncDisposable
{
    private const int Joints = 6;
    private const int Hz = 50;
    private const int FollowerEvery = 5; // 10 Hz

    private readonly TopicMap topics = new();
    private readonly List<MqttLink> links = [];
    private readonly Arm[] arms;
    private readonly Dictionary<string, Arm> byDevice = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource ending = new();
    private readonly Task streaming;
    private readonly byte[] buffer = new byte[FrameCodec.MaxSize];
    private readonly double[] pose = new double[Joints];

    private ArmCrowd(int count, ClusterOfProcesses cluster)
    {
        if (cluster.DeviceHosts is not [])
        {
            arms = [.. Enumerable.Range(0, count).Select(index => new Arm(index, Link(index, cluster, Arm.LeaderOf(index)), Link(index + 1, cluster, Arm.FollowerOf(index))))];
        }
        else
        {
            // At a broker, one link speaks for all devices and one hears for all.
            var (publisher, receiver) = (Link("crowd-out", [$"127.0.0.1:{cluster.Broker.Port}"]), Link("crowd-in", [$"127.0.0.1:{cluster.Broker.Port}"]));
            receiver.Subscribe(topics.Every(Channel.Command), Delivery.Sample, OnCommand);
            receiver.Subscribe(topics.Every(Channel.Control), Delivery.Control, OnControl);
            arms = [.. Enumerable.Range(0, count).Select(index => new Arm(index, publisher, publisher))];
        }

        foreach (var arm in arms)
            byDevice[arm.Leader] = byDevice[arm.Follower] = arm;
        streaming = Task.Factory.StartNew(Stream, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>What went against the rule that no command is older than one before it.</summary>
    public IReadOnlyCollection<string> Regressions => [.. arms.Where(arm => arm.Regression is not null).Select(arm => arm.Regression!)];

    public static async Task<ArmCrowd> StartAsync(ClusterOfProcesses cluster, int count)
    {
        var crowd = new ArmCrowd(count, cluster);
        foreach (var link in crowd.links)
            await link.StartAsync(CancellationToken.None);
        await Parallel.ForEachAsync(crowd.arms, new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (arm, _) =>
        {
            var silo = arm.Index % ClusterOfProcesses.Count;
            if (cluster.DeviceHosts is not [])
            {
                await cluster.PostAsync(silo, "/api/v1/devices", new { name = arm.Leader, kind = "so101-leader" });
                await cluster.PostAsync(silo, "/api/v1/devices", new { name = arm.Follower, kind = "so101-follower" });
            }

            await cluster.PostAsync(silo, "/api/v1/robots", new { id = arm.Robot, model = "so101" });
            await cluster.PostAsync(silo, $"/api/v1/robots/{arm.Robot}/slaves", new { type = "device", device = arm.Follower });
            await cluster.PutAsync(silo, $"/api/v1/robots/{arm.Robot}/master", new { type = "device", device = arm.Leader });
        });
        await Eventually.Holds(
            () => $"every follower is commanded; these are not: {string.Join(' ', crowd.arms.Where(arm => arm.Commands == 0).Select(arm => arm.Robot))}\n{cluster.Logs()}",
            () => crowd.arms.All(arm => arm.Commands > 0),
            TimeSpan.FromSeconds(60));
        return crowd;
    }

    /// <summary>Forgets how long followers waited so far.</summary>
    public void BeginPauses()
    {
        foreach (var arm in arms)
            arm.BeginPauses();
    }

    /// <summary>The longest time that any follower waited for its next command, up to now.</summary>
    public (string Robot, TimeSpan Pause) LongestPause(string? except = null) =>
        arms.Where(arm => arm.Robot != except).Select(arm => (arm.Robot, arm.LongestPause())).MaxBy(pause => pause.Item2);

    /// <summary>Waits until every follower is commanded, from now on.</summary>
    public async Task AllMoveAsync(TimeSpan within)
    {
        var before = arms.Select(arm => arm.Commands).ToArray();
        await Eventually.Holds(
            () => $"every follower is commanded again; these are not: {string.Join(' ', arms.Where((arm, at) => arm.Commands <= before[at]).Select(arm => arm.Robot))}",
            () => arms.Select((arm, at) => arm.Commands > before[at]).All(moves => moves),
            within);
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await streaming;
        foreach (var link in links)
            await link.DisposeAsync();
        ending.Dispose();
    }

    /// <summary>A device's own link, which begins at one of the silos.</summary>
    private MqttLink Link(int silo, ClusterOfProcesses cluster, string device)
    {
        var hosts = Enumerable.Range(silo, ClusterOfProcesses.Count).Select(host => cluster.DeviceHosts[host % ClusterOfProcesses.Count]);
        var link = Link(device, [.. hosts]);
        link.Subscribe(topics.Of(device, Channel.Command), Delivery.Sample, OnCommand);
        link.Subscribe(topics.Of(device, Channel.Control), Delivery.Control, OnControl);
        return link;
    }

    private MqttLink Link(string clientId, IReadOnlyList<string> hosts)
    {
        links.Add(new MqttLink(new LinkOptions { ClientId = clientId, Instance = clientId, Hosts = hosts }, NullLogger<MqttLink>.Instance));
        return links[^1];
    }

    private static long UnixMicros() => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    // Spread evenly over each period, so that the broker sees arms and not bursts.
    private void Stream()
    {
        var begin = Stopwatch.GetTimestamp();
        for (long sent = 0; !ending.IsCancellationRequested;)
        {
            for (var due = (long)(Stopwatch.GetElapsedTime(begin).TotalSeconds * Hz * arms.Length); sent < due; sent++)
            {
                var arm = arms[sent % arms.Length];
                pose.AsSpan().Fill(10 * Math.Sin(sent / (double)arms.Length / Hz));
                Publish(arm.LeaderLink, arm.Leader, Volatile.Read(ref arm.LeaderEpoch), (uint)(sent / arms.Length) + 1);
                if (sent / arms.Length % FollowerEvery == 0)
                    Publish(arm.FollowerLink, arm.Follower, Volatile.Read(ref arm.FollowerEpoch), (uint)(sent / arms.Length) + 1);
            }

            ending.Token.WaitHandle.WaitOne(1);
        }
    }

    private void Publish(MqttLink link, string device, uint epoch, uint sequence)
    {
        var length = FrameCodec.Write(buffer, new FrameHeader(FrameKind.State, FrameFlags.TorqueOn, Joints, sequence, UnixMicros(), epoch, 0), pose);
        link.Publish(topics.Of(device, Channel.State), buffer.AsSpan(0, length), Delivery.Sample);
    }

    private void OnCommand(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (!topics.TryParse(topic, out var name, out _) || !byDevice.TryGetValue(Encoding.UTF8.GetString(name), out var arm))
            return;
        while (FrameCodec.TryRead(ref payload, out var frame, out _))
            arm.Take(frame.Header.Epoch);
    }

    private void OnControl(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (!topics.TryParse(topic, out var name, out _) || ControlJson.ReadMessage(payload) is not { } message)
            return;
        var device = Encoding.UTF8.GetString(name);
        if (!byDevice.TryGetValue(device, out var arm))
            return;
        if (message.Op == ControlOp.StreamStart)
            Volatile.Write(ref device == arm.Leader ? ref arm.LeaderEpoch : ref arm.FollowerEpoch, message.Epoch!.Value);
        (device == arm.Leader ? arm.LeaderLink : arm.FollowerLink).Publish(topics.Of(device, Channel.ControlReply), ControlJson.Write(new ControlReply(message.Id, true)), Delivery.Control);
    }

    private sealed class Arm(int index, MqttLink leaderLink, MqttLink followerLink)
    {
        public uint LeaderEpoch;
        public uint FollowerEpoch;

        private readonly Lock sync = new();
        private uint newest;
        private long commands;
        private long lastAt;
        private TimeSpan longest;

        public int Index => index;

        public string Robot { get; } = $"crowd-{index}";

        public string Leader { get; } = LeaderOf(index);

        public string Follower { get; } = FollowerOf(index);

        public MqttLink LeaderLink => leaderLink;

        public MqttLink FollowerLink => followerLink;

        public string? Regression { get; private set; }

        public long Commands => Interlocked.Read(ref commands);

        public static string LeaderOf(int index) => $"crowd-{index}-leader";

        public static string FollowerOf(int index) => $"crowd-{index}-follower";

        public void Take(uint epoch)
        {
            lock (sync)
            {
                if (epoch < newest)
                    Regression ??= $"{Robot}: a command of epoch {epoch} after one of epoch {newest}";
                newest = Math.Max(newest, epoch);
                var now = Stopwatch.GetTimestamp();
                if (lastAt != 0 && Stopwatch.GetElapsedTime(lastAt, now) is var pause && pause > longest)
                    longest = pause;
                lastAt = now;
            }

            Interlocked.Increment(ref commands);
        }

        public void BeginPauses()
        {
            lock (sync)
                (longest, lastAt) = (TimeSpan.Zero, Stopwatch.GetTimestamp());
        }

        public TimeSpan LongestPause()
        {
            lock (sync)
                return Stopwatch.GetElapsedTime(lastAt) is var waiting && waiting > longest ? waiting : longest;
        }
    }
}
