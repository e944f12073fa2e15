using System.Text;
using Armada.Bench.Load;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Bench.Soak;

/// <summary>A leader and a follower for each robot: leaders stream all the time, also while nobody bound them; both obey control.</summary>
internal sealed class DeviceFleet : IAsyncDisposable
{
    private const int Joints = 6;
    private const int LeaderHz = 50;
    private const int FollowerHz = 10;

    private readonly MqttLink link;
    private readonly TopicMap topics = new();
    private readonly Dictionary<string, int> devices = [];
    private readonly string[] states;
    private readonly uint[] epochs;
    private readonly uint[] sequences;
    private readonly byte[] buffer = new byte[FrameCodec.MaxSize];
    private readonly double[] pose = new double[Joints];
    private readonly CancellationTokenSource ending = new();
    private Task pump = Task.CompletedTask;
    private long commands;

    private DeviceFleet(int port, int robots)
    {
        var names = Enumerable.Range(0, robots).SelectMany(robot => new[] { SoakSetup.LeaderOf(robot), SoakSetup.FollowerOf(robot) }).ToArray();
        states = [.. names.Select(name => topics.Of(name, Channel.State))];
        (epochs, sequences) = (new uint[names.Length], new uint[names.Length]);
        for (var device = 0; device < names.Length; device++)
            devices[names[device]] = device;
        link = new MqttLink(new LinkOptions { ClientId = "soak-devices", Port = port }, NullLogger<MqttLink>.Instance);
        link.Subscribe(topics.Every(Channel.Command), Delivery.Sample, (_, _) => Interlocked.Increment(ref commands));
        link.Subscribe(topics.Every(Channel.Control), Delivery.Control, OnControl);
    }

    /// <summary>Commands that reached a follower.</summary>
    public long Commands => Interlocked.Read(ref commands);

    public static async Task<DeviceFleet> StartAsync(int port, int robots)
    {
        var fleet = new DeviceFleet(port, robots);
        await fleet.link.StartAsync(CancellationToken.None);
        await Eventually.Holds("the devices reach the broker", () => fleet.link.State == LinkState.Up);
        fleet.pump = fleet.PumpAsync();
        return fleet;
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await pump;
        await link.DisposeAsync();
        ending.Dispose();
    }

    // Every device in its turn, so that the broker sees arms and not bursts.
    private async Task PumpAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1000.0 / LeaderHz));
        try
        {
            for (var tick = 0L; await timer.WaitForNextTickAsync(ending.Token); tick++)
            {
                for (var device = 0; device < states.Length; device++)
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

    private void Publish(int device, long tick)
    {
        var isLeader = device % 2 == 0;
        pose.AsSpan().Fill(isLeader ? 20 * Math.Sin(tick * 0.02) : 0);
        var header = new FrameHeader(
            FrameKind.State, isLeader ? FrameFlags.None : FrameFlags.TorqueOn, Joints, ++sequences[device], WallClock.Microseconds, Volatile.Read(ref epochs[device]), 0);
        link.Publish(states[device], buffer.AsSpan(0, FrameCodec.Write(buffer, header, pose)), Delivery.Sample);
    }

    private void OnControl(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (!topics.TryParse(topic, out var name, out _)
            || ControlJson.ReadMessage(payload) is not { } message
            || !devices.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(Encoding.UTF8.GetString(name), out var device))
            return;
        if (message is { Op: ControlOp.StreamStart, Epoch: { } epoch })
            Volatile.Write(ref epochs[device], epoch);
        link.Publish(topics.Of(Encoding.UTF8.GetString(name), Channel.ControlReply), ControlJson.Write(new ControlReply(message.Id, true)), Delivery.Control);
    }
}
