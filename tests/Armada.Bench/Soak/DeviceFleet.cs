using System.Security.Cryptography.X509Certificates;
using Armada.Bench.Load;
using Armada.Core.Frames;
using Armada.Core.Topics;

namespace Armada.Bench.Soak;

/// <summary>
/// A leader and a follower for each robot, each on a connection of its own over TLS: leaders stream all the time, also while nobody bound
/// them; both obey control. One after another disconnects and comes back.
/// </summary>
internal sealed class DeviceFleet : IAsyncDisposable
{
    private const int Joints = 6;
    private const int LeaderHz = 50;
    private const int FollowerHz = 10;
    private const int Seed = 2026;

    private static readonly TimeSpan Stay = TimeSpan.FromMilliseconds(100);

    private readonly int port;
    private readonly (string Name, X509Certificate2 Certificate)[] identities;
    private readonly DeviceSocket?[] devices;
    private readonly uint[] sequences;
    private readonly byte[] buffer = new byte[FrameCodec.MaxSize];
    private readonly double[] pose = new double[Joints];
    private readonly TopicMap topics = new();
    private readonly CancellationTokenSource ending = new();
    private Task running = Task.CompletedTask;
    private long commands;
    private long returns;

    private DeviceFleet(int port, (string Name, X509Certificate2 Certificate)[] identities) =>
        (this.port, this.identities, devices, sequences) = (port, identities, new DeviceSocket?[identities.Length], new uint[identities.Length]);

    /// <summary>Commands that reached a follower.</summary>
    public long Commands => Interlocked.Read(ref commands);

    /// <summary>How often a device has disconnected and come back.</summary>
    public long Returns => Interlocked.Read(ref returns);

    /// <summary>Ends early only where something failed.</summary>
    public Task Running => running;

    public static async Task<DeviceFleet> StartAsync(int port, (string Name, X509Certificate2 Certificate)[] identities)
    {
        var fleet = new DeviceFleet(port, identities);
        for (var device = 0; device < identities.Length; device++)
            await fleet.ConnectAsync(device);
        fleet.running = Task.WhenAll(fleet.PumpAsync(), fleet.ComeAndGoAsync());
        return fleet;
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await running;
        foreach (var device in devices)
            await device!.DisposeAsync();
        ending.Dispose();
    }

    private async Task ConnectAsync(int device) => Volatile.Write(
        ref devices[device],
        await DeviceSocket.ConnectAsync(port, identities[device].Name, identities[device].Certificate, topics, _ => Interlocked.Increment(ref commands)));

    // Every device in its turn, so that the silo sees arms and not bursts.
    private async Task PumpAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1000.0 / LeaderHz));
        try
        {
            for (var tick = 0L; await timer.WaitForNextTickAsync(ending.Token); tick++)
            {
                for (var device = 0; device < devices.Length; device++)
                {
                    if (device % 2 == 0 || tick % (LeaderHz / FollowerHz) == device / 2 % (LeaderHz / FollowerHz))
                        Publish(device, tick);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The soak is over.
        }
    }

    private async Task ComeAndGoAsync()
    {
        var random = new Random(Seed);
        while (!ending.IsCancellationRequested)
        {
            var device = random.Next(devices.Length);
            var connected = Interlocked.Exchange(ref devices[device], null)!;
            await connected.DisposeAsync();
            await ConnectAsync(device);
            Interlocked.Increment(ref returns);
            await Task.Delay(Stay, CancellationToken.None);
        }
    }

    private void Publish(int device, long tick)
    {
        if (Volatile.Read(ref devices[device]) is not { } connected)
            return;
        var isLeader = device % 2 == 0;
        pose.AsSpan().Fill(isLeader ? 20 * Math.Sin(tick * 0.02) : 0);
        var header = new FrameHeader(
            FrameKind.State, isLeader ? FrameFlags.None : FrameFlags.TorqueOn, Joints, ++sequences[device], WallClock.Microseconds, connected.Epoch, 0);
        try
        {
            connected.Send(buffer.AsSpan(0, FrameCodec.Write(buffer, header, pose)));
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            // It is the one that disconnects.
        }
    }
}
