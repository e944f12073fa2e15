using System.Globalization;

namespace Armada.Core.Devices;

/// <summary>A machine's name or address, and a port there.</summary>
public readonly record struct HostPort(string Host, int Port)
{
    private const int MaxPort = 65_535;

    /// <summary>Reads <c>host</c>, <c>host:port</c> or <c>[address]:port</c>; an IPv6 address without brackets has no port.</summary>
    /// <param name="defaultPort">Where the text has none; null where it must have one.</param>
    public static bool TryParse(string text, int? defaultPort, out HostPort parsed)
    {
        var colon = text.LastIndexOf(':');
        var isBracketed = text.StartsWith('[');
        var hasPort = colon > 0 && (isBracketed ? text[colon - 1] == ']' : text.IndexOf(':', StringComparison.Ordinal) == colon);
        var host = hasPort ? text[..colon] : text;
        if (isBracketed && host.EndsWith(']'))
            host = host[1..^1];
        var port = defaultPort ?? 0;
        var isRead = !hasPort || int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port);
        parsed = new HostPort(host, port);
        return isRead && host.Length > 0 && host.AsSpan().IndexOfAny('[', ']', ' ') < 0 && port is > 0 and <= MaxPort;
    }

    public override string ToString() =>
        Host.Contains(':', StringComparison.Ordinal) ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}") : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}
