using System.Security.Cryptography;

namespace Armada.Silo.Remotes;

/// <summary>Another service's slave endpoint, such as wss://host/ws/slave/arm.</summary>
internal sealed record RemoteEndpoint(Uri Address, string Robot)
{
    private const int MaxNameLength = 64;
    private const int RandomDigits = 8;

    public string DisplayUrl { get; } = Address.GetLeftPart(UriPartial.Path);

    public static RemoteEndpoint Of(string url)
    {
        var address = new UriBuilder(url);
        address.Path = address.Path.TrimEnd('/');
        return new RemoteEndpoint(address.Uri, Uri.UnescapeDataString(address.Path[(address.Path.LastIndexOf('/') + 1)..]));
    }

    /// <summary>
    /// The address with a client name, unless it has one already. The name is new for each connection, so that a dead one whose end the
    /// other service has not noticed yet does not block it.
    /// </summary>
    public Uri WithClientName(string robot)
    {
        var query = Address.Query.TrimStart('?');
        if (query.Split('&').Any(part => part.StartsWith("name=", StringComparison.Ordinal)))
            return Address;
        var head = robot.Length < MaxNameLength - RandomDigits ? robot : robot[..(MaxNameLength - RandomDigits - 1)];
        var name = $"name={head}-{RandomNumberGenerator.GetHexString(RandomDigits, lowercase: true)}";
        return new UriBuilder(Address) { Query = query.Length == 0 ? name : $"{query}&{name}" }.Uri;
    }
}
