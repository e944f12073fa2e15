using System.Net;

namespace Armada.Silo.Options;

/// <summary>The addresses a silo without authentication may listen on.</summary>
internal static class LoopbackUrls
{
    /// <summary>Reads addresses separated by ';'.</summary>
    /// <exception cref="SiloOptionsException">One is no plain http address of this machine's loopback.</exception>
    public static IReadOnlyList<Uri> Parse(string text)
    {
        var urls = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (urls.Length == 0)
            throw new SiloOptionsException($"--urls is empty; leave it out for {SiloOptions.DefaultUrl}");
        return [.. urls.Select(ParseOne)];
    }

    private static Uri ParseOne(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp || url.PathAndQuery != "/")
            throw new SiloOptionsException($"--urls '{text}' must look like {SiloOptions.DefaultUrl}");
        if (!IsLoopback(url))
        {
            throw new SiloOptionsException(
                $"--urls '{text}' is not a loopback address; the silo does not authenticate its callers yet, so listen on 127.0.0.1");
        }

        return url;
    }

    private static bool IsLoopback(Uri url) =>
        url.Host == "localhost" || (IPAddress.TryParse(url.DnsSafeHost, out var address) && IPAddress.IsLoopback(address));
}
