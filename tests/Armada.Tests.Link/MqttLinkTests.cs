using Armada.Mqtt;

namespace Armada.Tests.Link;

/// <summary>The conformance suite on MQTTnet.</summary>
public sealed class MqttLinkTests : MqttLinkConformance
{
    protected override int HandlerFaultEvent => 2106;

    protected override int RefusedEvent => 2103;

    protected override int ControlLeftEvent => 2107;

    protected override IMqttLink Create(LinkOptions options) => new MqttLink(options, Logs.For<MqttLink>());
}
