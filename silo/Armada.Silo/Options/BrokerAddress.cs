using System.Globalization;

namespace Armada.Silo.Options;

/// <summary>host:port of a broker.</summary>
internal static class BrokerAddress
{
    /// <summary>Reads host:port or [IPv6 address]:port.</summary>
    /// <exception cref="SiloOptionsException">The text is neither.</exception>
    public static (string Host, int Port) Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        var host = colon > 0 ? text[..colon] : "";
        var bracketed = host.StartsWith('[') && host.EndsWith(']');
        if (bracketed)
            host = host[1..^1];
        if (host.Length == 0
            || (host.Contains(':', StringComparison.Ordinal) && !bracketed)
            || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port is 0 or > ushort.MaxValue)
        {
            throw new SiloOptionsException($"--mqtt '{text}' must be host:port, such as 127.0.0.1:1883");
        }

        return (host, port);
    }
}
