using Armada.Core.Rooms;
using Armada.Silo.Access;

namespace Armada.Silo.Rooms;

/// <summary>Removes rooms that nobody uses. Only what was made as a room is ever removed, and nothing that has a device bound.</summary>
internal sealed partial class RoomCleanup(
    RoomCatalog catalog, RoomBoard board, RoomRemoval removal, ILogger<RoomCleanup> logger) : BackgroundService
{
    /// <summary>A room that was not used for longer is removed.</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromHours(1);

    /// <summary>Time between two rounds.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(15);

    /// <summary>Every room that was made as one, and whether the next round removes it.</summary>
    public async Task<CleanupStatus> ReadAsync(CancellationToken cancellation)
    {
        RoomAge[] ages = [.. (await MadeAsync(cancellation)).Select(Age)];
        return new("robotics", true, IdleLimit.TotalMinutes, Every.TotalMinutes, ages.Length, ages, RoomWriter.Time(board.Now));
    }

    /// <summary>One round, on the word of a caller or of the silo itself.</summary>
    public async Task<CleanupResult> SweepAsync(Caller caller, CancellationToken cancellation)
    {
        var rooms = await MadeAsync(cancellation);
        var removed = 0;
        foreach (var room in rooms.Where(IsDue))
        {
            var reply = await removal.RemoveAsync(room, caller, cancellation);
            if (reply.Refused is null)
                removed++;
            else
                LogNotRemoved(room.Name.Workspace, room.Name.Id, reply.Refused.Text);
        }

        LogSwept(removed, rooms.Count);
        return new(true, rooms.Count, rooms.Count - removed, removed, RoomWriter.Time(board.Now));
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, board.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await SweepAsync(Caller.Silo, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogEnded();
        }
    }

    private async Task<IReadOnlyList<Room>> MadeAsync(CancellationToken cancellation) =>
        [.. (await catalog.ListAsync(cancellation)).Where(room => room.Robot.Document.Room is not null)];

    private RoomAge Age(Room room)
    {
        var open = board.Of(room.Robot.Document.Id);
        return new(
            room.Name.Workspace,
            room.Name.Id,
            (board.Now - open.Since).TotalMinutes,
            (board.Now - open.Used).TotalMinutes,
            IsConnected(room),
            IsDue(room));
    }

    private bool IsDue(Room room) => !IsConnected(room) && board.Now - board.Of(room.Robot.Document.Id).Used > IdleLimit;

    private bool IsConnected(Room room) =>
        room.Robot is not { Master: null, Slaves.IsEmpty: true, UnboundSlaves.IsEmpty: true }
        || board.Of(room.Robot.Document.Id).Sessions.Count > 0;

    [LoggerMessage(1410, LogLevel.Debug, "{Removed} of {Rooms} rooms were removed because nobody used them")]
    private partial void LogSwept(int removed, int rooms);

    [LoggerMessage(1411, LogLevel.Warning, "Room {Workspace}/{Room} is not used and could not be removed: {Reason}")]
    private partial void LogNotRemoved(string workspace, string room, string reason);

    [LoggerMessage(1412, LogLevel.Debug, "The clean-up of rooms ended")]
    private partial void LogEnded();
}
