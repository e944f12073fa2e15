using Armada.Silo.Access;
using Armada.Silo.Api;
using Armada.Silo.Engine;

namespace Armada.Silo.Panel;

/// <summary>/ws/panel: the fleet as it changes, for watchers.</summary>
internal static class PanelRoutes
{
    /// <summary>Adds what the route needs.</summary>
    public static void AddPanel(this IServiceCollection services)
    {
        services.AddSingleton<PanelReader>();
        services.AddSingleton<SnapshotBuilder>();
        services.AddSingleton<PanelFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<PanelFeed>());
    }

    /// <summary>Maps the route; docs/panel-feed.md describes it, which OpenAPI cannot.</summary>
    public static void MapPanel(this IEndpointRouteBuilder app) =>
        app.MapGet("/ws/panel", ServeAsync).Allow(Role.Viewer).ReadsQuery("rate", "robots").ExcludeFromDescription();

    private static async Task ServeAsync(
        HttpContext context, PanelFeed feed, OpenSockets sockets, SiloClock clock, IHostApplicationLifetime lifetime)
    {
        var errors = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await Problem.WebSocketOnly.Answer("connect to /ws/panel with a WebSocket").ExecuteAsync(context);
        }
        else if (SubscriberRequest.Read(context.Request.Query, errors) is { } asked)
        {
            var limits = PanelSocket.Limits;
            var accept = OpenSockets.Accept(context);
            (accept.KeepAliveInterval, accept.KeepAliveTimeout) = (limits.PingEvery, limits.PongWithin);
            using var raw = await context.WebSockets.AcceptWebSocketAsync(accept);
            var watching = new PanelSocket(raw, asked, feed, limits, clock);
            using var open = sockets.Enter(context, watching.Close);
            await watching.RunAsync(lifetime.ApplicationStopping);
        }
        else
        {
            await Problem.WrongFields(errors).ExecuteAsync(context);
        }
    }
}
