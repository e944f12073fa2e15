using Armada.Silo.Access;
using Armada.Silo.Sockets;

namespace Armada.Silo.Rooms;

/// <summary>RobotHub's transport protocol: the same robots as rooms, under the paths of both of its launchers.</summary>
internal static class RoomHost
{
    /// <summary>Adds what the rooms need.</summary>
    public static void AddRooms(this IServiceCollection services)
    {
        services.AddSingleton<SocketLimits>();
        services.AddSingleton<RoomCatalog>();
        services.AddSingleton<RoomBoard>();
        services.AddSingleton<RoomRemoval>();
        services.AddSingleton<RoomParts>();
        services.AddSingleton<RoomCleanup>();
        services.AddHostedService(provider => provider.GetRequiredService<RoomCleanup>());
    }

    /// <summary>Maps the routes. They are no part of the OpenAPI document: docs/rooms.md describes them.</summary>
    public static void MapRoomDoors(this IEndpointRouteBuilder app)
    {
        foreach (var prefix in new[] { "", "/api" })
        {
            var door = app.MapGroup(prefix).ExcludeFromDescription().AddEndpointFilter(RoomAnswers.FilterAsync);
            var robotics = door.MapGroup("/robotics");
            robotics.MapRooms();
            robotics.MapRoomState();
            robotics.MapRoomStatus();
            robotics.MapGet("/workspaces/{workspace}/rooms/{room}/ws", RoomSocket.ServeAsync).Allow(Role.Operator);
            robotics.MapMissing("Not Found");
            door.MapGroup("/video").MapMissing("Video rooms are not served here; run RobotHub's own server for them");
        }

        app.MapServerHealth();
    }

    private static void MapMissing(this IEndpointRouteBuilder routes, string detail)
    {
        IResult Answer() => RoomAnswers.Error(StatusCodes.Status404NotFound, detail);
        routes.MapGet("/{**rest}", Answer).Allow(Role.Viewer);
        routes.MapMethods("/{**rest}", ["POST", "PUT", "PATCH", "DELETE"], Answer).Allow(Role.Operator);
    }
}
