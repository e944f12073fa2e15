using System.Buffers;
using System.Net.WebSockets;
using Armada.Core.Arena;
using Armada.Core.Time;
using Armada.Grains.Robots;
using Armada.Silo.Sockets;

namespace Armada.Silo.Remotes;

/// <summary>
/// One connection to another service's robot: sends commands, newest only and one unanswered at a time; receives acknowledgements and joint
/// states.
/// </summary>
internal sealed class RemoteConnection : ISampleSource, IDisposable
{
    private readonly Lock sync = new();
    private readonly RemoteTiming timing;
    private readonly SiloClock clock;
    private readonly ArenaWriter writer;
    private readonly ArrayBufferWriter<byte> statusRequest = new();
    private readonly double[] positions;
    private bool isDue;
    private Timestamp? unansweredSince;
    private Timestamp? sentAt;
    private Timestamp? askedAt;
    private bool isAnswered;

    public RemoteConnection(
        WebSocket raw, string robot, IReadOnlyList<string> joints, SocketLimits limits, RemoteTiming timing, SiloClock clock)
    {
        (this.timing, this.clock) = (timing, clock);
        writer = new ArenaWriter(robot, joints, isClient: true);
        positions = new double[joints.Count];
        Socket = new JsonSocket(raw, this, limits, clock);
    }

    public JsonSocket Socket { get; }
    public bool WasAccepted { get; private set; }

    public bool IsLagging(in Timestamp now)
    {
        lock (sync)
            return unansweredSince is { } since && now.IsPast(since, timing.LaggingAfter);
    }

    public void SetCommand(ReadOnlySpan<double> command)
    {
        lock (sync)
        {
            if (command.Length != positions.Length)
                return; // The robot has just got other joints; a new connection follows.
            command.CopyTo(positions);
            isDue = true;
        }

        Socket.NotifySample();
    }

    /// <summary>Why the command was refused, or null.</summary>
    public string? TakeAcknowledgement(ArenaMessage.CommandAck answer)
    {
        lock (sync)
        {
            unansweredSince = null;
            WasAccepted |= answer.Accepted;
        }

        Socket.NotifySample();
        return answer.Accepted ? null : answer.Reason ?? "the command was refused";
    }

    public void MarkAnswered()
    {
        lock (sync)
            isAnswered = true;
    }

    public void Tick(in Timestamp now)
    {
        lock (sync)
        {
            if (unansweredSince is { } since && now.IsPast(since, timing.AcknowledgeTimeout))
                Socket.Close(SocketClose.Normal, $"no answer to a command for {timing.AcknowledgeTimeout.TotalSeconds:0.#} s");
            if (askedAt is { } at && !now.IsPast(at, isAnswered ? timing.PollInterval : timing.ConnectTimeout))
                return;
            (askedAt, isAnswered) = (now, false);
            writer.WriteStatusRequest(statusRequest, now.Unix);
            Socket.Send(statusRequest.WrittenSpan);
            statusRequest.ResetWrittenCount();
        }

        Socket.NotifySample();
    }

    public bool TryWrite(IBufferWriter<byte> message)
    {
        var now = clock.Now();
        lock (sync)
        {
            if (!isDue || (unansweredSince is not null && sentAt is { } at && !now.IsPast(at, timing.LaggingAfter)))
                return false;
            isDue = false;
            if (!writer.TryWriteCommand(message, now.Unix, positions))
                return false;
            unansweredSince ??= now;
            sentAt = now;
            return true;
        }
    }

    public void Dispose()
    {
        lock (sync)
            writer.Dispose();
    }
}
