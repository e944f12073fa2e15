using Amazon.IoT.Model;
using Armada.Core.Devices;
using Armada.Silo.AwsIot.Calls;

namespace Armada.Silo.AwsIot.Broker;

/// <summary>Where the account's broker is; asked once, then remembered.</summary>
/// <param name="account">The account.</param>
internal sealed class BrokerEndpoint(AwsAccount account)
{
    private const string Kind = "iot:Data-ATS"; // Whose certificate comes from Amazon's own root.
    private const int Port = 8883; // The port that boards have in their programs.

    private BrokerLocation? known;

    /// <summary>Where it is.</summary>
    public async ValueTask<BrokerLocation> FindAsync(CallRun run)
    {
        if (known is { } place)
            return place;
        var found = await run.AskAsync((client, token) => client.DescribeEndpointAsync(new DescribeEndpointRequest { EndpointType = Kind }, token));
        return known = new BrokerLocation(found.EndpointAddress, Port, AmazonRoot.Read(account.Settings.RootCaFile), SignsDevices: false);
    }
}
