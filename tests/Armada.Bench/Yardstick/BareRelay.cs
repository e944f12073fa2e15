using System.Text;
using Armada.Core.Topics;
using Armada.Mqtt;

namespace Armada.Bench.Yardstick;

/// <summary>The least that any router can cost: each payload of a <c>state</c> topic goes out on that device's <c>cmd</c> topic.</summary>
internal sealed class BareRelay(IMqttLink link)
{
    private readonly TopicMap topics = new();
    private readonly Dictionary<int, string> commands = [];

    public void Start() => link.Subscribe(topics.Every(Channel.State), Delivery.Sample, OnState);

    // One dictionary look-up by the topic's hash: a relay that allocated per message would be a bent yardstick.
    private void OnState(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        var hash = new HashCode();
        hash.AddBytes(topic);
        var key = hash.ToHashCode();
        if (!commands.TryGetValue(key, out var command))
        {
            if (!topics.TryParse(topic, out var device, out _))
                return;
            commands[key] = command = topics.Of(Encoding.UTF8.GetString(device), Channel.Command);
        }

        link.Publish(command, payload, Delivery.Sample);
    }
}
