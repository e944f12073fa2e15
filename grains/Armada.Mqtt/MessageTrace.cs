using System.Diagnostics;
using System.Text;
using MQTTnet.Packets;

namespace Armada.Mqtt;

/// <summary>Carries the trace of a control message with it, as a user property of MQTT 5 in the form of W3C trace context. Samples have none.</summary>
public static class MessageTrace
{
    /// <summary>Name of the activity source.</summary>
    public const string Name = "Armada.Mqtt";

    /// <summary>Most bytes that it adds to a message.</summary>
    internal const int MaxSize = 80;

    private const string Property = "traceparent";

    private static readonly ActivitySource Activities = new(Name);

    /// <summary>The properties of a message that is sent now; null where nothing is traced.</summary>
    public static List<MqttUserProperty>? Current() =>
        Activity.Current is { Recorded: true, Id: { } id } ? [new(Property, Encoding.UTF8.GetBytes(id))] : null;

    /// <summary>Begins to trace the handling of a message; null where its sender traced nothing.</summary>
    internal static Activity? Start(string topic, List<MqttUserProperty>? properties)
    {
        if (properties is null || !Activities.HasListeners()
            || properties.Find(property => property.Name == Property)?.ReadValueAsString() is not { } parent
            || !ActivityContext.TryParse(parent, null, isRemote: true, out var context))
        {
            return null;
        }

        return Activities.StartActivity($"process {topic[(topic.LastIndexOf('/') + 1)..]}", ActivityKind.Consumer, context)?
            .SetTag("messaging.system", "mqtt")
            .SetTag("messaging.operation.type", "process")
            .SetTag("messaging.destination.name", topic);
    }
}
