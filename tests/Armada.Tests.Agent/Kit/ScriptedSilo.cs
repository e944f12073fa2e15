using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Topics;
using Armada.EdgeAgent.Configuration;
using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;

namespace Armada.Tests.Agent.Kit;

/// <summary>A silo that does what the test says: sends control messages and commands over the real broker, hears everything.</summary>
public sealed class ScriptedSilo : IAsyncDisposable
{
    private readonly TopicMap topics = new();
    private readonly MqttLink link;
    private readonly ConcurrentDictionary<string, ControlReply> replies = new();
    private readonly ConcurrentDictionary<string, Presence> presences = new();
    private readonly ConcurrentDictionary<string, HeardState> states = new();
    private readonly ConcurrentDictionary<string, uint> sequences = new();
    private int controls;

    /// <summary>A state as it was heard.</summary>
    public sealed record HeardState(FrameHeader Header, double[] Positions, FrameEcho? Echo);

    private ScriptedSilo(Mosquitto broker, FailOnLoggedErrors logs)
    {
        var own = broker.Certificates?.Client("silo");
        var tls = own is { } files ? new LinkTls(broker.Certificates!.CaFile, files.CertificateFile, files.KeyFile) : null;
        link = new MqttLink(new LinkOptions { ClientId = "silo", Port = broker.Port, Tls = tls }, logs.For<MqttLink>());
        link.Subscribe(topics.Every(Channel.State), Delivery.Sample, (topic, payload) => states[DeviceOf(topic)] = Read(payload));
        link.Subscribe(topics.Every(Channel.Presence), Delivery.Control, (topic, payload) => presences[DeviceOf(topic)] = ControlJson.ReadPresence(payload)!);
        link.Subscribe(topics.Every(Channel.ControlReply), Delivery.Control, (_, payload) =>
        {
            var reply = ControlJson.ReadReply(payload)!;
            replies[reply.Id] = reply;
        });
    }

    /// <summary>Where an agent finds the broker.</summary>
    public static BrokerOptions At(Mosquitto broker) => new([broker.Host], broker.Port);

    public static async Task<ScriptedSilo> StartAsync(Mosquitto broker, FailOnLoggedErrors logs)
    {
        var silo = new ScriptedSilo(broker, logs);
        await silo.link.StartAsync(CancellationToken.None);
        await Eventually.Holds("the scripted silo reaches the broker", () => silo.link.State == LinkState.Up);
        return silo;
    }

    /// <summary>The newest state of a device, or null.</summary>
    public HeardState? State(string device) => states.GetValueOrDefault(device);

    /// <summary>The newest presence of a device, or null.</summary>
    public Presence? PresenceOf(string device) => presences.GetValueOrDefault(device);

    /// <summary>Waits for a presence.</summary>
    public Task Shows(string device, string what, Func<Presence, bool> wanted) => Eventually.Holds(
        () => $"{device}'s presence shows {what}; it was {PresenceOf(device)} with faults [{string.Join("; ", PresenceOf(device)?.Faults ?? [])}]",
        () => PresenceOf(device) is { } presence && wanted(presence));

    /// <summary>Waits for a state frame.</summary>
    public Task Hears(string device, string what, Func<HeardState, bool> wanted, TimeSpan? timeout = null) => Eventually.Holds(
        () => $"{device} sends {what}; the last was {State(device)?.Header} [{string.Join(", ", State(device)?.Positions ?? [])}]",
        () => State(device) is { } state && wanted(state),
        timeout);

    /// <summary>Sends a control message and waits for its reply.</summary>
    public async Task<ControlReply> Ask(string device, ControlOp op, uint? epoch = null, bool? on = null, double? rate = null, string? certificate = null, string? joint = null)
    {
        var id = Interlocked.Increment(ref controls).ToString(CultureInfo.InvariantCulture);
        link.Publish(topics.Of(device, Channel.Control), ControlJson.Write(new ControlMessage(id, op, epoch, rate, on, certificate, Joint: joint)), Delivery.Control);
        await Eventually.Holds($"{device} answers {op}", () => replies.ContainsKey(id));
        return replies[id];
    }

    /// <summary>Sends one command; the next sequence number and the present time where none is given.</summary>
    public void Command(string device, uint epoch, ReadOnlySpan<double> pose, uint? sequence = null, TimeSpan age = default, ushort ttl = 300)
    {
        var number = sequence ?? sequences.AddOrUpdate($"{device} {epoch}", 1, (_, last) => last + 1);
        var captured = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch - age).Ticks / TimeSpan.TicksPerMicrosecond;
        Span<byte> bytes = stackalloc byte[FrameCodec.MaxSize];
        var length = FrameCodec.Write(bytes, new FrameHeader(FrameKind.Command, FrameFlags.None, pose.Length, number, captured, epoch, ttl), pose);
        link.Publish(topics.Of(device, Channel.Command), bytes[..length], Delivery.Sample);
    }

    /// <summary>Sends anything on a device's command topic.</summary>
    public void Raw(string device, ReadOnlySpan<byte> bytes) => link.Publish(topics.Of(device, Channel.Command), bytes, Delivery.Sample);

    /// <summary>Sends commands 100 times a second until it is disposed.</summary>
    public Streaming Stream(string device, uint epoch, Func<double[]> pose) => new(() => Command(device, epoch, pose()));

    public ValueTask DisposeAsync() => link.DisposeAsync();

    private static string DeviceOf(ReadOnlySpan<byte> topic) => Encoding.UTF8.GetString(topic).Split('/')[^2];

    private static HeardState Read(ReadOnlySpan<byte> payload)
    {
        Assert.True(FrameCodec.TryRead(ref payload, out var frame, out var error), $"a state that is none: {error}");
        var positions = new double[frame.Header.Joints];
        frame.CopyTo(positions);
        return new HeardState(frame.Header, positions, frame.HasEcho ? frame.Echo : null);
    }

    /// <summary>Something done 100 times a second.</summary>
    public sealed class Streaming : IAsyncDisposable
    {
        private readonly CancellationTokenSource end = new();
        private readonly Task loop;

        public Streaming(Action act) => loop = Task.Run(async () =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
            while (!end.IsCancellationRequested && await timer.WaitForNextTickAsync())
                act();
        });

        public async ValueTask DisposeAsync()
        {
            await end.CancelAsync();
            await loop;
            end.Dispose();
        }
    }
}
