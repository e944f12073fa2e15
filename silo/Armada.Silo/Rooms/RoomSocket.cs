using Armada.Domain.Robots;
using Armada.Silo.Access;

namespace Armada.Silo.Rooms;

/// <summary>…/rooms/{room}/ws: a participant's WebSocket.</summary>
internal static class RoomSocket
{
    /// <summary>Serves one participant.</summary>
    public static async Task<IResult> ServeAsync(
        HttpContext context, string workspace, string room, RoomParts parts, IHostApplicationLifetime lifetime)
    {
        if (!context.WebSockets.IsWebSocketRequest)
            return RoomAnswers.Error(StatusCodes.Status426UpgradeRequired, "This is the path of a WebSocket");
        using var raw = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            KeepAliveInterval = parts.Sockets.PingEvery,
            KeepAliveTimeout = parts.Sockets.PongWithin,
        });
        using var session = new RoomSession(new RoomName(workspace, room), raw, context.Caller(), parts);
        await session.RunAsync(lifetime.ApplicationStopping);
        return TypedResults.Empty;
    }
}
