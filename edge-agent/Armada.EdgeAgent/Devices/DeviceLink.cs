using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Routing;
using Armada.Core.Topics;
using Armada.EdgeAgent.Configuration;
using Armada.Mqtt;
using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Devices;

/// <summary>One device's own MQTT connection: its name is the client id, its last will says that it is offline.</summary>
internal sealed partial class DeviceLink : IAsyncDisposable
{
    private static readonly TimeSpan PresencePeriod = TimeSpan.FromSeconds(2);

    private readonly Device device;
    private readonly ControlHandler desk;
    private readonly IMqttLink link;
    private readonly TimeProvider time;
    private readonly ILogger<DeviceLink> logger;
    private readonly string replyTopic;
    private readonly string presenceTopic;
    private readonly double[] positions = new double[FrameCodec.MaxJoints];

    // Without a maximum: two threads that signal at once cost one presence more, where a full semaphore would end the bus's loop.
    private readonly SemaphoreSlim presenceDue = new(1);
    private long malformed;
    private long malformedLoggedAt = long.MinValue;

    public DeviceLink(Device device, ControlHandler desk, IMqttLink link, TopicMap topics, TimeProvider time, ILogger<DeviceLink> logger)
    {
        (this.device, this.desk, this.link, this.time, this.logger) = (device, desk, link, time, logger);
        device.PublishTo(new StatePublisher(link, topics.Of(device.Name, Channel.State)));
        replyTopic = topics.Of(device.Name, Channel.ControlReply);
        presenceTopic = topics.Of(device.Name, Channel.Presence);
        link.Subscribe(topics.Of(device.Name, Channel.Command), Delivery.Sample, OnCommand);
        link.Subscribe(topics.Of(device.Name, Channel.Control), Delivery.Control, OnControl);
        link.StateChanged += OnLinkState;
        device.Jobs.Answered = Reply;
        if (device.Renewal is { } renewal)
            renewal.Answered = Reply;
        device.Status.Changed += SignalPresence;
    }

    /// <summary>Link options of one device.</summary>
    public static LinkOptions Options(Device device, BrokerSettings broker, TopicMap topics) => new()
    {
        ClientId = device.Name,
        Host = broker.Host,
        Port = broker.Port ?? (broker.Tls is null ? 1883 : 8883),
        Tls = broker.Tls is { } tls ? new LinkTls(tls.Ca, Of(device, tls.Certificate), Of(device, tls.Key)) : null,
        Will = new LastWill(topics.Of(device.Name, Channel.Presence), Offline(device)),
    };

    /// <summary>Starts connecting.</summary>
    /// <exception cref="LinkConfigurationException">A certificate or an option is unusable.</exception>
    /// <exception cref="ConfigurationException">What a power cut left of a renewal cannot be put in order.</exception>
    public Task StartAsync(CancellationToken cancellation)
    {
        device.Renewal?.Recover();
        return link.StartAsync(cancellation);
    }

    /// <summary>Publishes presence at each change and every two seconds, until it is canceled.</summary>
    public async Task RunPresenceAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await presenceDue.WaitAsync(PresencePeriod, cancellation);
                if (link.State == LinkState.Up)
                    link.Publish(presenceTopic, ControlJson.Write(device.Presence()), Delivery.Control, retain: true);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // A clean end fires no last will, so the same words go out here.
            if (link.State == LinkState.Up)
                link.Publish(presenceTopic, Offline(device), Delivery.Control, retain: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        device.Status.Changed -= SignalPresence;
        link.StateChanged -= OnLinkState;
        await link.DisposeAsync();
        presenceDue.Dispose();
    }

    private static string? Of(Device device, string? file) => file?.Replace("{device}", device.Name, StringComparison.Ordinal);

    private static byte[] Offline(Device device) => ControlJson.Write(new Presence(Online: false, device.Settings.Kind));

    private void OnCommand(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        var now = time.Now();
        while (!payload.IsEmpty)
        {
            if (!FrameCodec.TryRead(ref payload, out var command, out var error))
            {
                Malformed(error.ToString());
                return;
            }

            if (command.Header.Kind != FrameKind.Command)
            {
                Malformed("a state frame on the command topic");
                continue;
            }

            if (device.Role.IsLeader || device.LocalPair is not null)
            {
                device.Counters.Drop(FrameResult.NotBound);
                continue;
            }

            var header = command.Header;
            command.CopyTo(positions);
            device.Inbox.Offer(
                new SampleStamp(header.Epoch, header.Sequence, header.CapturedAt, header.TimeToLiveMs),
                positions.AsSpan(0, header.Joints),
                now);
        }
    }

    private void OnControl(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (ControlJson.ReadMessage(payload) is not { } message)
            Malformed("a control message that is none");
        else if (desk.Handle(message) is { } reply)
            Reply(reply);
    }

    private void Reply(ControlReply reply) => link.Publish(replyTopic, ControlJson.Write(reply), Delivery.Control);

    private void OnLinkState(LinkState state)
    {
        if (state == LinkState.Up)
        {
            device.Renewal?.Connected();
            LogUp(device.Name);
        }
        else
        {
            device.Renewal?.Disconnected();
            LogDown(device.Name);
        }

        SignalPresence();
    }

    private void SignalPresence()
    {
        if (presenceDue.CurrentCount == 0)
            presenceDue.Release();
    }

    private void Malformed(string what)
    {
        device.Counters.Malformed();
        malformed++;
        var now = time.GetTimestamp();
        if (malformedLoggedAt != long.MinValue && time.GetElapsedTime(malformedLoggedAt, now) < TimeSpan.FromSeconds(1))
            return;
        malformedLoggedAt = now;
        LogMalformed(device.Name, what, malformed);
    }
}
