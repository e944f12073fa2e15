using Armada.Core.Rooms;

namespace Armada.Silo.Rooms;

/// <summary>Removes rooms that nobody uses. Only what was created as a room is ever removed, and nothing that has a device bound.</summary>
internal sealed partial class RoomCleanup(RoomCatalog catalog, OpenRooms openRooms, RoomRemoval removal, ILogger<RoomCleanup> logger)
    : PeriodicService(Interval, openRooms.Time, logger)
{
    public static readonly TimeSpan IdleLimit = TimeSpan.FromHours(1);
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(15);

    private readonly ILogger<RoomCleanup> logger = logger;

    public async Task<CleanupStatus> GetStatusAsync(CancellationToken cancellation)
    {
        RoomAge[] ages = [.. (await ListCreatedAsync(cancellation)).Select(Age)];
        return new("robotics", true, IdleLimit.TotalMinutes, Interval.TotalMinutes, ages.Length, ages, RoomWriter.Time(openRooms.Now));
    }

    public async Task<CleanupResult> SweepAsync(Caller caller, CancellationToken cancellation)
    {
        var rooms = await ListCreatedAsync(cancellation);
        var removed = 0;
        foreach (var room in rooms.Where(IsIdle))
        {
            var reply = await removal.RemoveAsync(room, caller, cancellation);
            if (reply.Refused is null)
                removed++;
            else
                LogNotRemoved(room.Name.Workspace, room.Name.Id, reply.Refused.Text);
        }

        LogSwept(removed, rooms.Count);
        return new(true, rooms.Count, rooms.Count - removed, removed, RoomWriter.Time(openRooms.Now));
    }

    protected override Task RunOnceAsync(CancellationToken cancellation) => SweepAsync(Caller.Silo, cancellation);

    private async Task<IReadOnlyList<Room>> ListCreatedAsync(CancellationToken cancellation) =>
        [.. (await catalog.ListAsync(cancellation)).Where(room => room.Robot.Document.Room is not null)];

    private RoomAge Age(Room room)
    {
        var open = openRooms.Get(room.Robot.Document.Id);
        return new(
            room.Name.Workspace,
            room.Name.Id,
            (openRooms.Now - open.Since).TotalMinutes,
            (openRooms.Now - open.LastUsed).TotalMinutes,
            IsConnected(room),
            IsIdle(room));
    }

    private bool IsIdle(Room room) => !IsConnected(room) && openRooms.Now - openRooms.Get(room.Robot.Document.Id).LastUsed > IdleLimit;

    private bool IsConnected(Room room) =>
        room.Robot is not { Master: null, Slaves.IsEmpty: true, UnboundSlaves.IsEmpty: true }
        || openRooms.Get(room.Robot.Document.Id).Sessions.Count > 0;

    [LoggerMessage(1410, LogLevel.Debug, "Removed {Removed} of {Rooms} rooms because nobody used them")]
    private partial void LogSwept(int removed, int rooms);

    [LoggerMessage(1411, LogLevel.Warning, "Room {Workspace}/{Room} is idle but could not be removed: {Reason}")]
    private partial void LogNotRemoved(string workspace, string room, string reason);
}
