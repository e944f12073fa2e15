using Armada.EdgeAgent.Orleans;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Testing.Network;

namespace Armada.Tests.Cluster.Uplink;

public sealed class ClusterUplinkTests
{
    private const int Lost = 3121;

    [Fact]
    public async Task A_cluster_that_is_not_there_is_told_once_and_holds_nobody_up()
    {
        using var logs = new FailOnLoggedErrors();
        var address = new ClusterAddress { ClusterId = "c", ServiceId = "s", Gateways = [("localhost", FreePort.Next())] };
        Assert.Null(ClusterUplink.TryMake(address, logs, TimeProvider.System, out var cluster));
        var device = cluster!.Of("leader-1");
        cluster.Start();
        for (byte frame = 1; frame <= 10; frame++)
            device.Send([frame]);

        await Eventually.Holds("it is told", () => logs.Of(Lost).Count == 1);
        Assert.Equal(9, device.Dropped);
        await Eventually.Happens("it ends", cluster.DisposeAsync().AsTask());
    }

    [Fact]
    public void A_certificate_that_cannot_be_used_is_named_as_the_person_knows_it()
    {
        using var logs = new FailOnLoggedErrors();
        var address = new ClusterAddress
        {
            ClusterId = "c",
            ServiceId = "s",
            Tls = (("cluster.tls.ca", "/no/ca.pem"), ("cluster.tls.certificate", "/no/a.pem"), ("cluster.tls.key", "/no/a.key")),
        };
        var refused = ClusterUplink.TryMake(address, logs, TimeProvider.System, out var uplink);
        Assert.Null(uplink);
        Assert.Contains("cluster.tls.ca '/no/ca.pem'", refused, StringComparison.Ordinal);
    }
}
