using System.Net;
using System.Net.Sockets;

namespace Armada.Mqtt;

/// <summary>The broker's name: looked up before each attempt, its address families tried in turn.</summary>
/// <remarks>
/// Under "localhost" a broker may listen on 127.0.0.1 only, while ::1 comes first. And a look-up here can be given up, which one
/// inside a native library cannot.
/// </remarks>
/// <param name="host">A name or an address.</param>
/// <param name="time">Clock for the limit.</param>
internal sealed class BrokerName(string host, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private int attempts;

    /// <summary>The family to try now, null for a host that is an address; or why there is none.</summary>
    public (AddressFamily? Family, string? Fault) Family(CancellationToken cancellation)
    {
        if (IPAddress.TryParse(host, out _)) return (null, null);
        try
        {
            using var limit = new CancellationTokenSource(Limit, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
            var addresses = Dns.GetHostAddressesAsync(host, either.Token).GetAwaiter().GetResult();
            var families = addresses.Select(address => address.AddressFamily).Distinct().ToArray();
            return families.Length > 0 ? (families[attempts++ % families.Length], null) : (null, $"'{host}' has no address");
        }
        catch (SocketException fault)
        {
            return (null, $"'{host}' is not found: {fault.Message}");
        }
        catch (OperationCanceledException)
        {
            return (null, $"looking up '{host}' took more than {Limit.TotalSeconds:0} s");
        }
    }
}
