using System.Buffers;
using System.Net.WebSockets;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Rooms;
using Armada.Silo.Access;
using Armada.Silo.Sockets;

namespace Armada.Silo.Rooms;

/// <summary>One participant of a room: a producer is the robot's remote master, a consumer one of its guest slaves.</summary>
internal sealed partial class RoomSession : IRobotSession, ISampleSource, IDisposable
{
    private static readonly TimeSpan JoinWithin = TimeSpan.FromSeconds(5);

    private readonly RoomName room;
    private readonly Caller caller;
    private readonly RoomParts parts;
    private readonly ILogger logger;
    private readonly JsonSocket socket;
    private readonly CancellationTokenSource ended = new();
    private readonly Lock sync = new();
    private readonly RoomWriter words = new();
    private readonly ArrayBufferWriter<byte> wording = new();
    private int stage = (int)Stage.Waiting;
    private RoomJoin? join;
    private OpenRoom? open;
    private string robot = "";
    private bool gone;
    private Task beats = Task.CompletedTask;

    /// <summary>Around an accepted WebSocket.</summary>
    public RoomSession(RoomName room, WebSocket raw, Caller caller, RoomParts parts)
    {
        (this.room, this.caller, this.parts, logger) = (room, caller, parts, parts.Logger);
        socket = new JsonSocket(raw, this, parts.Sockets, parts.Clock);
        rate = new MessageRate(parts.Sockets.MessagesPerSecond, parts.Sockets.Burst);
        errors = new(parts.Clock.Time);
    }

    private enum Stage
    {
        /// <summary>For the first frame.</summary>
        Waiting,

        /// <summary>The first frame is being answered.</summary>
        Joining,

        /// <summary>In the room.</summary>
        Joined,

        /// <summary>Not let in.</summary>
        Refused,
    }

    /// <inheritdoc/>
    public string Name { get; private set; } = "";

    /// <summary>What it does in the room; a consumer until it has said.</summary>
    public RoomRole Role => join?.Role ?? RoomRole.Consumer;

    private bool IsJoined => Volatile.Read(ref stage) == (int)Stage.Joined;

    /// <summary>Closes the connection with a reason; its session ends.</summary>
    public void Close(int code, string reason) => socket.Close(code, reason);

    /// <summary>Serves the participant until it or the silo ends the connection.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(JoinWithin, parts.Clock.Time);
        await using var refuse = late.Token.Register(RefuseLate);
        try
        {
            await socket.RunAsync(ReceiveAsync, cancellation);
        }
        finally
        {
            await ended.CancelAsync();
            try
            {
                await beats;
            }
            finally
            {
                await LeaveAsync();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (sync)
        {
            gone = true;
            words.Dispose();
        }

        ended.Dispose();
        updates.Dispose();
        regaining.Dispose();
    }

    private ValueTask ReceiveAsync(ReadOnlyMemory<byte> message)
    {
        if (Interlocked.CompareExchange(ref stage, (int)Stage.Joining, (int)Stage.Waiting) == (int)Stage.Waiting)
            return JoinAsync(message);
        return IsJoined ? TakeAsync(message) : ValueTask.CompletedTask;
    }

    private ValueTask<RobotReply> ApplyAsync(RobotRequest request) => parts.Engine.ApplyAsync(robot, request, CancellationToken.None);

    private void Say(Action<RoomWriter, IBufferWriter<byte>, DateTimeOffset> write)
    {
        lock (sync)
        {
            if (gone)
                return; // Others in the room may tell it of themselves while it goes.
            wording.ResetWrittenCount();
            write(words, wording, parts.Board.Now);
            socket.Send(wording.WrittenSpan);
        }
    }

    private void SayError(string message, string code, string? reason) =>
        Say((writer, to, now) => writer.Error(to, message, code, reason, now));

    // What a client may cause a hundred times a second it is told once a second.
    private void Complain(string message, string code, string? reason)
    {
        if (errors.Count(out _))
            SayError(message, code, reason);
    }
}
