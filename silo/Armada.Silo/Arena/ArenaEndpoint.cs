using Armada.Silo.Access;
using Armada.Silo.Api;
using Armada.Silo.Sockets;

namespace Armada.Silo.Arena;

/// <summary>Lets clients of the requirement's WebSocket protocol in, at <c>/ws/master/{robot}</c> and <c>/ws/slave/{robot}</c>.</summary>
internal sealed class ArenaEndpoint(ArenaParts parts, OpenSockets open, IHostApplicationLifetime lifetime)
{
    /// <summary>Maps both doors.</summary>
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/ws/master/{robot}", (HttpContext context, string robot, ArenaEndpoint door) => door.ServeAsync(context, robot, "master"))
            .Allow(Role.Operator).ReadsQuery(ArenaQuery.Members).ExcludeFromDescription();
        app.MapGet("/ws/slave/{robot}", (HttpContext context, string robot, ArenaEndpoint door) => door.ServeAsync(context, robot, "slave"))
            .Allow(Role.Operator).ReadsQuery(ArenaQuery.Members).ExcludeFromDescription();
    }

    private async Task ServeAsync(HttpContext context, string robot, string kind)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await Problem.WebSocketOnly.Answer($"connect to {context.Request.Path} with a WebSocket").ExecuteAsync(context);
            return;
        }

        var accept = OpenSockets.Accept(context);
        (accept.KeepAliveInterval, accept.KeepAliveTimeout) = (parts.Limits.PingEvery, parts.Limits.PongWithin);
        using var raw = await context.WebSockets.AcceptWebSocketAsync(accept);
        if (!ArenaQuery.TryRead(context.Request.Query, kind, out var query, out var problem))
        {
            var socket = new JsonSocket(raw, null, parts.Limits, parts.Clock);
            using var voice = new ArenaNotifier(robot, socket, parts.Clock);
            voice.Error("invalid", problem);
            socket.Close(SocketClose.Refused, problem);
            await socket.RunAsync(_ => ValueTask.CompletedTask, lifetime.ApplicationStopping);
            return;
        }

        using var session = new ArenaSession(raw, robot, query, kind == "master", context.Caller(), parts);
        using var place = open.Enter(context, session.Close);
        await session.RunAsync(lifetime.ApplicationStopping);
    }
}
