using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Armada.Core.Robots;

namespace Armada.Bench.Chaos;

/// <summary>
/// Who disturbs all the time: programs that want to be master and command jumps, strangers without a key that flood both ports. Somebody
/// also listens to what the follower says: its epoch never goes back.
/// </summary>
internal sealed class ChaosCrowd : IAsyncDisposable
{
    private const int Programs = 4;
    private const int MaxSilent = 300;

    private readonly ChaosFleet fleet;
    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentQueue<Reign> reigns = [];
    private readonly Task[] running;
    private long admittedAt;

    public ChaosCrowd(ChaosFleet fleet, int seed)
    {
        this.fleet = fleet;
        running =
        [
            .. Enumerable.Range(0, Programs).Select(program => Task.Run(() => CompeteAsync($"rival-{program}", new Random(seed + program)))),
            Task.Run(() => FloodAsync(fleet.Http.BaseAddress!.Port, new Random(seed - 1))),
            Task.Run(() => FloodAsync(fleet.PlainPort, new Random(seed - 2))),
            Task.Run(ListenAsync),
        ];
    }

    public ConcurrentQueue<string> Violations { get; } = [];

    public int Reigns => reigns.Count;

    public long Strangers { get; private set; }

    public long FramesHeard { get; private set; }

    /// <summary>Whether one of the programs was master since a moment.</summary>
    public bool HasReignedSince(long moment) => Volatile.Read(ref admittedAt) >= moment;

    /// <summary>Ends them, and gives what was accepted under an epoch after a later one had been given.</summary>
    public async Task<IReadOnlyList<string>> OverlapsAsync()
    {
        await ending.CancelAsync();
        await Task.WhenAll(running);
        var overlaps = new List<string>();
        var earliest = long.MaxValue; // When a later epoch was known to somebody.
        foreach (var epoch in reigns.GroupBy(reign => reign.Epoch).OrderByDescending(epoch => epoch.Key))
        {
            if (epoch.Any(reign => reign.LastAskedAt > earliest) || epoch.DistinctBy(reign => reign.Name).Count() > 1)
                overlaps.Add($"epoch {epoch.Key} of {string.Join(" and ", epoch)} overlaps another");
            earliest = Math.Min(earliest, epoch.Min(reign => reign.ToldAt));
        }

        return overlaps;
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await Task.WhenAll(running);
        ending.Dispose();
    }

    // Takes the robot where nobody has it, and now and then where somebody has.
    private async Task CompeteAsync(string name, Random random)
    {
        const string master = $"{ChaosFleet.Robot}/master";
        var joints = RobotModels.So101.Joints;
        while (!ending.IsCancellationRequested)
        {
            await PauseAsync(random.Next(20, 300));
            var asked = Stopwatch.GetTimestamp();
            if (await fleet.AskAsync(HttpMethod.Put, master, new { type = "remote", name, takeover = random.Next(30) == 0 }, ending.Token) is not { } admitted)
                continue;
            var (told, epoch, lastAsked) = (Stopwatch.GetTimestamp(), admitted["epoch"]!.GetValue<uint>(), asked);
            var isMaster = true;
            for (var command = random.Next(30); command > 0 && isMaster; command--)
            {
                Volatile.Write(ref admittedAt, Stopwatch.GetTimestamp());
                var joint = joints[random.Next(joints.Length)];
                var jump = new { name, epoch, joints = new[] { new { name = joint.Name, value = joint.Min + (random.NextDouble() * (joint.Max - joint.Min)) } } };
                asked = Stopwatch.GetTimestamp();
                isMaster = await fleet.AskAsync(HttpMethod.Post, $"{master}/command", jump, ending.Token) is not null;
                lastAsked = isMaster ? asked : lastAsked;
                await PauseAsync(20);
            }

            reigns.Enqueue(new Reign(name, epoch, told, lastAsked));
            if (isMaster)
                await fleet.AskAsync(HttpMethod.Delete, master, null, ending.Token);
        }
    }

    // Some say nothing, some say anything, and all stay for as long as they may.
    private async Task FloodAsync(int port, Random random)
    {
        var open = new Queue<Socket>();
        var bytes = new byte[64];
        while (!ending.IsCancellationRequested)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            open.Enqueue(socket);
            try
            {
                await socket.ConnectAsync("127.0.0.1", port, ending.Token);
                random.NextBytes(bytes);
                if (random.Next(3) == 0)
                    await socket.SendAsync(bytes);
                else if (random.Next(3) == 0)
                    await socket.SendAsync("POST /api/v1/fleet/reset HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: armada_000000000000_x\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
                Strangers++;
            }
            catch (Exception away) when (away is SocketException or OperationCanceledException)
            {
                // The silo is dead or starts.
            }

            if (open.Count > MaxSilent)
                open.Dequeue().Dispose();
            await PauseAsync(10);
        }

        foreach (var socket in open)
            socket.Dispose();
    }

    private async Task ListenAsync()
    {
        uint epoch = 0;
        while (!ending.IsCancellationRequested)
        {
            try
            {
                await using var lines = await fleet.Http.GetStreamAsync(new Uri("/api/v1/devices/follower/tap", UriKind.Relative), ending.Token);
                using var reader = new StreamReader(lines);
                while (await reader.ReadLineAsync(ending.Token) is { } line)
                    epoch = Hear(line, epoch);
            }
            catch (Exception lost) when (lost is HttpRequestException or IOException or JsonException or OperationCanceledException)
            {
                await PauseAsync(100); // The silo is dead or starts.
            }
        }
    }

    private uint Hear(string line, uint epoch)
    {
        var message = JsonNode.Parse(line)!;
        if (!message["topic"]!.GetValue<string>().EndsWith("/state", StringComparison.Ordinal))
            return epoch;
        foreach (var frame in message["frames"]!.AsArray())
        {
            FramesHeard++;
            var now = frame!["epoch"]!.GetValue<uint>();
            if (now != 0 && now < epoch)
                Violations.Enqueue($"the follower obeyed epoch {now} after {epoch}");
            epoch = Math.Max(epoch, now);
        }

        return epoch;
    }

    private Task PauseAsync(int milliseconds) => Task.Delay(milliseconds, ending.Token).ContinueWith(_ => { }, TaskScheduler.Default);

    /// <param name="ToldAt">It was master before this.</param>
    /// <param name="LastAskedAt">Its admission, or a command under its epoch, was accepted after this.</param>
    private sealed record Reign(string Name, uint Epoch, long ToldAt, long LastAskedAt);
}
