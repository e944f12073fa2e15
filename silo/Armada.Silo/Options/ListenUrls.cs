using System.Net;

namespace Armada.Silo.Options;

/// <summary>The addresses a silo listens on.</summary>
internal static class ListenUrls
{
    /// <summary>Reads addresses separated by ';'.</summary>
    /// <exception cref="SiloOptionsException">One is no plain http or https address of this machine.</exception>
    public static IReadOnlyList<Uri> Parse(string text)
    {
        var urls = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (urls.Length == 0)
            throw new SiloOptionsException($"--urls is empty; leave it out for {SiloOptions.DefaultUrl}");
        return [.. urls.Select(ParseOne)];
    }

    /// <summary>Whether only this machine reaches it.</summary>
    public static bool IsLoopback(Uri url) => IsLoopback(url.DnsSafeHost);

    /// <summary>Whether a host's name or address is this machine's loopback.</summary>
    public static bool IsLoopback(string host) =>
        host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static Uri ParseOne(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url)
            || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
            || url.PathAndQuery != "/"
            || url.UserInfo.Length > 0)
        {
            throw new SiloOptionsException($"--urls '{text}' must look like {SiloOptions.DefaultUrl}");
        }

        // The web server would listen on every address where it cannot tell which one a name means.
        if (url.Host != "localhost" && !IPAddress.TryParse(url.DnsSafeHost, out _))
            throw new SiloOptionsException($"--urls '{text}' must name an IP address of this machine, or localhost; 0.0.0.0 and [::] are all of them");
        return url;
    }
}
