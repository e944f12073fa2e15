using System.Net.Http.Headers;

namespace Armada.Silo.Access;

/// <summary>The key or token of a request. It is never read from the URL, which ends up in logs and histories.</summary>
internal static class PresentedSecret
{
    public const string Header = "X-Api-Key";

    /// <summary>Prefix of a subprotocol that holds a key or token: browsers cannot add headers to a WebSocket request.</summary>
    public const string SubprotocolPrefix = "armada.key.";

    private const string Bearer = "Bearer";

    /// <summary>The key or token; null where there is none, empty where its header is empty.</summary>
    public static string? Find(HttpRequest request)
    {
        var context = request.HttpContext;
        if (AuthenticationHeaderValue.TryParse(request.Headers.Authorization.ToString(), out var given)
            && given.Scheme.Equals(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return given.Parameter ?? "";
        }

        if (request.Headers.TryGetValue(Header, out var key))
            return key.ToString();
        if (!context.WebSockets.IsWebSocketRequest || context.GetEndpoint()?.Metadata.GetMetadata<WebSocketRoute>() is null)
            return null;
        return context.WebSockets.WebSocketRequestedProtocols
            .FirstOrDefault(offered => offered.StartsWith(SubprotocolPrefix, StringComparison.Ordinal))?[SubprotocolPrefix.Length..];
    }
}
