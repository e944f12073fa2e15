using System.Net;
using System.Net.Sockets;

namespace Armada.Silo.Access;

/// <summary>What limits by address count as one: an IPv4 address, or the 2^64 addresses that whoever has one IPv6 address has.</summary>
internal static class ClientNetwork
{
    public static string Of(IPAddress? address)
    {
        if (address is not { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false })
            return address?.ToString() ?? "";
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes).ToString();
    }
}
