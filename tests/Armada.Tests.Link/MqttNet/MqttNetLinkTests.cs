using Armada.Messaging.Link;
using Armada.Messaging.MqttNet;

namespace Armada.Tests.Link.MqttNet;

/// <summary>The conformance suite on MQTTnet.</summary>
public sealed class MqttNetLinkTests : MqttLinkConformance
{
    protected override int HandlerFaultEvent => 2106;

    protected override int RefusedEvent => 2103;

    protected override int ControlLeftEvent => 2107;

    protected override IMqttLink Create(LinkOptions options) => new MqttNetLink(options, Logs.For<MqttNetLink>());
}
