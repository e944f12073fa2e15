using System.Net.Http.Headers;

namespace Armada.Silo.Access;

/// <summary>The key or token a request brings. It is never read from the address, which ends up in logs and histories.</summary>
internal static class PresentedSecret
{
    /// <summary>Header for a key.</summary>
    public const string Header = "X-Api-Key";

    /// <summary>What a subprotocol begins with that holds a key or token: browsers cannot add headers to a WebSocket request.</summary>
    public const string SubprotocolPrefix = "armada.key.";

    private const string Bearer = "Bearer";

    /// <summary>The key or token, or null where there is none; empty where the place for it is there and holds nothing.</summary>
    public static string? Find(HttpRequest request)
    {
        if (AuthenticationHeaderValue.TryParse(request.Headers.Authorization.ToString(), out var given)
            && given.Scheme.Equals(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return given.Parameter ?? "";
        }

        if (request.Headers.TryGetValue(Header, out var key))
            return key.ToString();
        return request.HttpContext.WebSockets.WebSocketRequestedProtocols
            .FirstOrDefault(offered => offered.StartsWith(SubprotocolPrefix, StringComparison.Ordinal))?[SubprotocolPrefix.Length..];
    }
}
