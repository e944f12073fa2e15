using System.Security.Cryptography;
using System.Text;
using Armada.Core.Engine;
using Armada.Core.Robots;

namespace Armada.Silo.Rooms;

/// <summary>A room and the robot that it is.</summary>
internal readonly record struct Room(RoomName Name, RobotSnapshot Robot);

/// <summary>Which room is which robot.</summary>
internal sealed class RoomCatalog(IRobotEngine engine)
{
    /// <summary>The workspace in which every robot that was not made as a room is one under its own id.</summary>
    public const string DefaultWorkspace = "default-workspace";

    private const int HashBytes = 8;

    /// <summary>Id of the robot that a room is made as.</summary>
    public static string RobotIdOf(RoomName room)
    {
        // No id has a control character, so no two rooms have the same text.
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{room.Workspace}\n{room.Id}"));
        return "room-" + Convert.ToHexStringLower(hash.AsSpan(0, HashBytes));
    }

    /// <summary>The robot that is this room, or null.</summary>
    public async ValueTask<RobotSnapshot?> FindAsync(RoomName room, CancellationToken cancellation)
    {
        if (await engine.GetAsync(RobotIdOf(room), cancellation) is { } made && made.Document.Room == room)
            return made;
        return room.Workspace == DefaultWorkspace && await engine.GetAsync(room.Id, cancellation) is { Document.Room: null } robot ? robot : null;
    }

    /// <summary>Every room, those made as rooms before robots of the same name.</summary>
    public async Task<IReadOnlyList<Room>> ListAsync(CancellationToken cancellation) =>
    [
        .. (await engine.ListAsync(cancellation))
            .Select(robot => new Room(robot.Document.Room ?? new RoomName(DefaultWorkspace, robot.Document.Id), robot))
            .OrderBy(room => room.Robot.Document.Room is null)
            .DistinctBy(room => room.Name),
    ];

    /// <summary>Makes a room, or finds it as it is.</summary>
    public async Task<RobotReply> CreateAsync(RoomName room, CancellationToken cancellation)
    {
        if (await FindAsync(room, cancellation) is { } existing)
            return new RobotReply(null, existing);
        var reply = await engine.CreateAsync(RobotIdOf(room), RobotModels.So100, room, cancellation);
        return reply.Robot is { } robot && robot.Document.Room == room ? reply with { Refused = null }
            : reply.Refused is not null ? reply
            : new RobotReply(new Refusal(RefusalReason.RobotExists, $"robot {RobotIdOf(room)} exists and is not this room"), null);
    }
}
