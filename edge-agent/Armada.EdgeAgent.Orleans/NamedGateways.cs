using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Orleans.Messaging;

namespace Armada.EdgeAgent.Orleans;

/// <summary>The gateways that a person named; names are looked up anew each time, for a silo may come back at another address.</summary>
internal sealed class NamedGateways(ImmutableArray<(string Host, int Port)> gateways, TimeSpan refresh) : IGatewayListProvider
{
    /// <inheritdoc/>
    public TimeSpan MaxStaleness => refresh;

    /// <inheritdoc/>
    public bool IsUpdatable => true;

    /// <inheritdoc/>
    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    /// <summary>Every address of every name that is known now.</summary>
    /// <exception cref="SocketException">No name is known.</exception>
    public async Task<IList<Uri>> GetGateways()
    {
        var found = new List<Uri>();
        SocketException? unknown = null;
        foreach (var (host, port) in gateways)
        {
            try
            {
                foreach (var address in await Dns.GetHostAddressesAsync(host))
                    found.Add(new IPEndPoint(address, port).ToGatewayUri());
            }
            catch (SocketException fault)
            {
                unknown = fault; // The others may be known.
            }
        }

        return found.Count > 0 || unknown is null ? found : throw unknown;
    }
}
