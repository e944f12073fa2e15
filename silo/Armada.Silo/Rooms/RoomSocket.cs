using Armada.Core.Robots;
using Armada.Silo.Access;
using Armada.Silo.Sockets;

namespace Armada.Silo.Rooms;

/// <summary>…/rooms/{room}/ws: a participant's WebSocket.</summary>
internal static class RoomSocket
{
    /// <summary>Serves one participant.</summary>
    public static async Task<IResult> ServeAsync(
        HttpContext context, string workspace, string room, RoomParts parts, OpenSockets sockets, IHostApplicationLifetime lifetime)
    {
        if (!context.WebSockets.IsWebSocketRequest)
            return RoomAnswers.Error(StatusCodes.Status426UpgradeRequired, "This is the path of a WebSocket");
        using var raw = await context.WebSockets.AcceptWebSocketAsync(Accept(context, parts.Sockets));
        using var session = new RoomSession(new RoomName(workspace, room), raw, context.Caller(), parts);
        using var open = sockets.Enter(context, session.Close);
        await session.RunAsync(lifetime.ApplicationStopping);
        return TypedResults.Empty;
    }

    private static WebSocketAcceptContext Accept(HttpContext context, SocketLimits limits)
    {
        var accept = OpenSockets.Accept(context);
        (accept.KeepAliveInterval, accept.KeepAliveTimeout) = (limits.PingEvery, limits.PongWithin);
        return accept;
    }
}
