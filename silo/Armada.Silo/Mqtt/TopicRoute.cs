using System.Buffers;
using System.Text;
using Armada.Mqtt;
using MQTTnet;
using MQTTnet.Protocol;

namespace Armada.Silo.Mqtt;

/// <summary>
/// One topic by one path: who in this process hears it, which client is subscribed to it, and the process where the other one of the two is.
/// A topic is one device's, so there is one client at most; a device's second path has routes of its own, and hears what the first one hears.
/// </summary>
/// <param name="topic">Its key among processes: the topic, and of a second path <see cref="TopicTable.SecondPath"/> after it.</param>
/// <param name="first">Of a second path: the route of the first; otherwise null.</param>
internal sealed class TopicRoute(string topic, TopicRoute? first = null)
{
    private volatile MessageHandler? handler;
    private volatile DeviceConnection? subscriber;
    private volatile PeerChannel? remote;
    private volatile TopicRoute? second;

    /// <summary>Called with every message of the topic, in either direction, where the device is connected and where somebody taps it.</summary>
    public event MessageHandler? Tapped;

    public string Topic => topic;

    /// <summary>The topic on the wire.</summary>
    public byte[] Utf8 { get; } = first?.Utf8 ?? Encoding.UTF8.GetBytes(topic);

    /// <summary>Of the first path: the route of the second; null while it had none.</summary>
    public TopicRoute? Second
    {
        get => second;
        set => second = value;
    }

    /// <summary>Called on the thread that reads the device's connection; null where nobody listens.</summary>
    public MessageHandler? Handler
    {
        get => first is null ? handler : first.Handler;
        set => handler = value;
    }

    public DeviceConnection? Subscriber
    {
        get => subscriber;
        set => subscriber = value;
    }

    /// <summary>Where the device's robot runs, or where the device is connected, if that is another process than this one.</summary>
    public PeerChannel? Remote
    {
        get => remote;
        set => remote = value;
    }

    /// <summary>Gives a sample that the device published to who hears it, here or in another process.</summary>
    public void Receive(ReadOnlySpan<byte> payload)
    {
        if (Handler is { } heard)
            heard(Utf8, payload);
        else
            remote?.Send(this, payload, isFromDevice: true);
        Show(payload);
    }

    /// <summary>
    /// Sends to the device, which may be connected to another process, samples by both of its paths; false where it is connected nowhere, or
    /// too much waits for it.
    /// </summary>
    public bool Send(ReadOnlySpan<byte> payload, Delivery delivery)
    {
        var isSent = second is { } copy && delivery == Delivery.Sample && copy.SendByPath(payload, delivery);
        return SendByPath(payload, delivery) || isSent;
    }

    private bool SendByPath(ReadOnlySpan<byte> payload, Delivery delivery)
    {
        if (SendHere(payload, delivery))
            return true;
        if (remote is not { } elsewhere)
            return false;
        if (delivery == Delivery.Control)
            return elsewhere.Enqueue(topic, payload, isFromDevice: false);
        elsewhere.Send(this, payload, isFromDevice: false);
        return true;
    }

    /// <summary>Sends to the device if it is connected here.</summary>
    public bool SendHere(ReadOnlySpan<byte> payload, Delivery delivery)
    {
        if (subscriber is not { } connection)
            return false;
        Show(payload);
        return delivery == Delivery.Sample ? connection.Send(this, payload) : connection.TryEnqueue(Control(payload));
    }

    /// <summary>Shows those who tap the device here what passes where it is connected.</summary>
    public void Show(ReadOnlySpan<byte> payload) => (first ?? this).Tapped?.Invoke(Utf8, payload);

    /// <summary>Ends the subscription of a client, unless another one has it.</summary>
    public void Leave(DeviceConnection connection) => Interlocked.CompareExchange(ref subscriber, null, connection);

    private MqttApplicationMessage Control(ReadOnlySpan<byte> payload) => new()
    {
        Topic = topic,
        Payload = new ReadOnlySequence<byte>(payload.ToArray()),
        QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        UserProperties = MessageTrace.Current(),
    };
}
