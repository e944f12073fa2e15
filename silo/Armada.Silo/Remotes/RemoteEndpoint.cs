using System.Security.Cryptography;

namespace Armada.Silo.Remotes;

/// <summary>Another service's slave door, such as wss://host/ws/slave/arm.</summary>
/// <param name="Address">What is dialed, without a name of ours.</param>
/// <param name="Robot">The robot behind it: the last part of the path.</param>
internal sealed record RemoteEndpoint(Uri Address, string Robot)
{
    private const int LongestName = 64;
    private const int ChosenDigits = 8;

    /// <summary>The address as it is logged: without its query.</summary>
    public string Place { get; } = Address.GetLeftPart(UriPartial.Path);

    /// <summary>Reads a binding's address; a slash at the end of its path is left out.</summary>
    public static RemoteEndpoint Of(string url)
    {
        var address = new UriBuilder(url);
        address.Path = address.Path.TrimEnd('/');
        return new RemoteEndpoint(address.Uri, Uri.UnescapeDataString(address.Path[(address.Path.LastIndexOf('/') + 1)..]));
    }

    /// <summary>
    /// The address with a name by which the other service knows us. It is another for each connection, so that one that died unseen
    /// is in nobody's way; an address that brings a name of its own keeps it.
    /// </summary>
    public Uri ForConnection(string robot)
    {
        var query = Address.Query.TrimStart('?');
        if (query.Split('&').Any(part => part.StartsWith("name=", StringComparison.Ordinal)))
            return Address;
        var head = robot.Length < LongestName - ChosenDigits ? robot : robot[..(LongestName - ChosenDigits - 1)];
        var name = $"name={head}-{RandomNumberGenerator.GetHexString(ChosenDigits, lowercase: true)}";
        return new UriBuilder(Address) { Query = query.Length == 0 ? name : $"{query}&{name}" }.Uri;
    }
}
