using System.Collections.Concurrent;
using System.Diagnostics;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Topics;
using Armada.Mqtt;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Testing.Devices;

/// <summary>A command as a device got it.</summary>
public sealed record ReceivedCommand(FrameHeader Header, double[] Positions);

/// <summary>A device over real MQTT: sends its pose at 100 Hz, obeys stream-start, answers control unless told not to.</summary>
public sealed class ScriptedDevice : IAsyncDisposable
{
    private readonly TopicMap topics;
    private readonly string clientId;
    private volatile MqttLink link;
    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentQueue<ReceivedCommand> commands = new();
    private readonly ConcurrentQueue<ControlMessage> controls = new();
    private readonly string stateTopic;
    private Task pump = Task.CompletedTask;
    private uint sequence;
    private long lastCommand = Stopwatch.GetTimestamp();
    private TimeSpan longestGap;

    private ScriptedDevice(int port, TopicMap topics, string name, string clientId, string? instance)
    {
        (Name, this.clientId, Instance) = (name, clientId, instance);
        this.topics = topics;
        stateTopic = topics.Of(name, Channel.State);
        link = Link(port);
    }

    public string Name { get; }

    /// <summary>Of the machine; null for none.</summary>
    public string? Instance { get; }

    /// <summary>Whether it is connected now.</summary>
    public bool IsConnected => link.State == LinkState.Up;

    public double[] Pose { get; set; } = new double[6];

    public uint Epoch { get; set; }

    public bool Answers { get; set; } = true;

    public bool Obeys { get; set; } = true;

    /// <summary>Answers that it does not do what it is asked, and why.</summary>
    public string? Refusal { get; set; }

    /// <summary>Says that nothing moves.</summary>
    public bool IsStill { get; set; }

    /// <summary>Sends nothing by itself while set.</summary>
    public bool Silent { get; set; }

    /// <summary>State frames sent so far by itself.</summary>
    public uint Sent => Volatile.Read(ref sequence);

    public IReadOnlyCollection<ReceivedCommand> Commands => commands;

    public IReadOnlyCollection<ControlMessage> Controls => controls;

    /// <summary>The longest time between two commands since <see cref="BeginGaps"/>, and since the last one.</summary>
    public TimeSpan LongestGap
    {
        get
        {
            lock (commands)
                return TimeSpan.FromTicks(Math.Max(longestGap.Ticks, Stopwatch.GetElapsedTime(lastCommand).Ticks));
        }
    }

    /// <summary>Connects a device; its client id is its name where no other is given.</summary>
    public static async Task<ScriptedDevice> StartAsync(
        int port, TopicMap topics, string name, string? clientId = null, string? instance = null, bool silent = false)
    {
        var device = new ScriptedDevice(port, topics, name, clientId ?? name, instance) { Silent = silent };
        await device.ConnectAsync();
        device.pump = device.PumpAsync();
        return device;
    }

    /// <summary>Goes on at another address, as an agent does that was given several.</summary>
    public async Task MoveAsync(int port)
    {
        var old = link;
        link = Link(port);
        await old.DisposeAsync();
        await ConnectAsync();
    }

    public void BeginGaps()
    {
        lock (commands)
            (lastCommand, longestGap) = (Stopwatch.GetTimestamp(), TimeSpan.Zero);
    }

    public int CountOf(ControlOp op) => controls.Count(control => control.Op == op);

    public void Say(bool online) => link.Publish(
        topics.Of(Name, Channel.Presence), ControlJson.Write(new Presence(online, "so101-follower")), Delivery.Control, retain: true);

    /// <summary>Sends one state; with what is not given taken from the device.</summary>
    public void Send(uint? withSequence = null, uint? epoch = null, double[]? positions = null, FrameEcho? echo = null)
    {
        Span<byte> frame = stackalloc byte[FrameCodec.MaxSize];
        link.Publish(stateTopic, frame[..Write(frame, withSequence ?? ++sequence, epoch, positions, echo)], Delivery.Sample);
    }

    public void Publish(Channel channel, ReadOnlySpan<byte> payload) => link.Publish(topics.Of(Name, channel), payload, Delivery.Control);

    public void SendRaw(ReadOnlySpan<byte> payload) => link.Publish(stateTopic, payload, Delivery.Sample);

    /// <param name="earlier">Microseconds before now that it is said to be captured.</param>
    public int Write(Span<byte> to, uint withSequence, uint? epoch = null, double[]? positions = null, FrameEcho? echo = null, long earlier = 0) =>
        FrameCodec.Write(
            to,
            new FrameHeader(
                FrameKind.State, FrameFlags.TorqueOn | (IsStill ? FrameFlags.KeepAlive : 0), 6, withSequence, UnixMicros() - earlier, epoch ?? Epoch, 0),
            positions ?? Pose,
            echo);

    public Task CommandedAsync(string what) => CommandedAsync(what, _ => true);

    /// <summary>Waits for a command that comes from now on.</summary>
    public Task CommandedAsync(string what, Func<ReceivedCommand, bool> wanted)
    {
        var before = commands.Count;
        return Eventually.Holds(what, () => commands.Skip(before).Any(wanted));
    }

    public async ValueTask DisposeAsync()
    {
        if (ending.IsCancellationRequested)
            return;
        await ending.CancelAsync();
        await pump;
        await link.DisposeAsync();
        ending.Dispose();
    }

    private MqttLink Link(int port)
    {
        var made = new MqttLink(new LinkOptions { ClientId = clientId, Instance = Instance, Port = port }, NullLogger<MqttLink>.Instance);
        made.Subscribe(topics.Of(Name, Channel.Command), Delivery.Sample, OnCommand);
        made.Subscribe(topics.Of(Name, Channel.Control), Delivery.Control, OnControl);
        return made;
    }

    private async Task ConnectAsync()
    {
        await link.StartAsync(CancellationToken.None);
        await Eventually.Holds($"{Name} is connected", () => IsConnected);
    }

    private static long UnixMicros() => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private async Task PumpAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        try
        {
            while (await timer.WaitForNextTickAsync(ending.Token))
            {
                if (!Silent)
                    Send();
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private void OnCommand(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        while (FrameCodec.TryRead(ref payload, out var frame, out _))
        {
            var positions = new double[frame.Header.Joints];
            frame.CopyTo(positions);
            commands.Enqueue(new ReceivedCommand(frame.Header, positions));
            lock (commands)
            {
                longestGap = LongestGap;
                lastCommand = Stopwatch.GetTimestamp();
            }
        }
    }

    private void OnControl(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        var message = ControlJson.ReadMessage(payload)!;
        controls.Enqueue(message);
        if (Obeys && message.Op == ControlOp.StreamStart)
            Epoch = message.Epoch!.Value;
        if (Answers)
            link.Publish(topics.Of(Name, Channel.ControlReply), ControlJson.Write(new ControlReply(message.Id, Refusal is null, Refusal)), Delivery.Control);
    }
}
