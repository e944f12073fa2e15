using Armada.Messaging.LibMosquitto;
using Armada.Messaging.Link;

namespace Armada.Tests.Link;

/// <summary>The conformance suite on libmosquitto.</summary>
public sealed class LibMosquittoLinkTests : MqttLinkConformance
{
    protected override int HandlerFaultEvent => 2006;

    protected override int RefusedEvent => 2003;

    protected override int ControlLeftEvent => 2007;

    protected override IMqttLink Create(LinkOptions options) => new LibMosquittoLink(options, Logs.For<LibMosquittoLink>());
}
