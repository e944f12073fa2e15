using System.Text;
using Armada.Mqtt;

namespace Armada.Silo.Mqtt;

/// <summary>One topic: who in this silo hears it, and which client is subscribed to it. A topic is one device's, so there is one client at most.</summary>
internal sealed class TopicRoute(string topic)
{
    private volatile MessageHandler? handler;
    private volatile DeviceConnection? subscriber;

    /// <summary>Called with every message of the topic, in either direction, while somebody taps the device.</summary>
    public event MessageHandler? Tapped;

    public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(topic);

    /// <summary>Called on the thread that reads the device's connection; null where nobody listens.</summary>
    public MessageHandler? Handler
    {
        get => handler;
        set => handler = value;
    }

    public DeviceConnection? Subscriber
    {
        get => subscriber;
        set => subscriber = value;
    }

    /// <summary>Gives what the device published to who hears it.</summary>
    public void Receive(ReadOnlySpan<byte> payload)
    {
        Handler?.Invoke(Utf8, payload);
        Tapped?.Invoke(Utf8, payload);
    }

    /// <summary>Shows a tap what the device is sent.</summary>
    public void ShowSent(ReadOnlySpan<byte> payload) => Tapped?.Invoke(Utf8, payload);

    /// <summary>Ends the subscription of a client, unless another one has it.</summary>
    public void Leave(DeviceConnection connection) => Interlocked.CompareExchange(ref subscriber, null, connection);
}
