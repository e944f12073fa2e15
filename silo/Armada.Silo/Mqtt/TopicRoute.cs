using System.Text;
using Armada.Mqtt;

namespace Armada.Silo.Mqtt;

/// <summary>One topic: who in this silo hears it, and which client is subscribed to it. A topic is one device's, so there is one client at most.</summary>
internal sealed class TopicRoute(string topic)
{
    private volatile MessageHandler? handler;
    private volatile DeviceConnection? subscriber;

    public string Topic => topic;

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

    /// <summary>Ends the subscription of a client, unless another one has it.</summary>
    public void Leave(DeviceConnection connection) => Interlocked.CompareExchange(ref subscriber, null, connection);
}
