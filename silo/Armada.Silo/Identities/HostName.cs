namespace Armada.Silo.Identities;

/// <summary>A host as devices are told it and certificates name it: a DNS name or an IP address, without a port.</summary>
internal static class HostName
{
    private const int Longest = 253;

    /// <summary>Whether a text is one.</summary>
    public static bool IsValid(string text) =>
        text.Length <= Longest && Uri.CheckHostName(text) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6
        && text.All(char.IsAscii) && !text.Contains('_', StringComparison.Ordinal);
}
