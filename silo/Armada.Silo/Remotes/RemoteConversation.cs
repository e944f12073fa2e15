using System.Buffers;
using System.Net.WebSockets;
using Armada.Core.Arena;
using Armada.Core.Time;
using Armada.Grains.Robots;
using Armada.Silo.Sockets;

namespace Armada.Silo.Remotes;

/// <summary>
/// One connection to another service's robot: commands out, newest only and one unanswered at a time; answers and joint states in.
/// </summary>
internal sealed class RemoteConversation : ISampleSource, IDisposable
{
    private readonly Lock sync = new();
    private readonly RemoteTiming timing;
    private readonly SiloClock clock;
    private readonly ArenaWriter writer;
    private readonly ArrayBufferWriter<byte> question = new();
    private readonly double[] positions;
    private bool isDue;
    private Timestamp? unansweredSince;
    private Timestamp? sentAt;
    private Timestamp? askedAt;
    private bool isAnswered;

    /// <summary>Over an open socket, which whoever made it disposes.</summary>
    /// <param name="raw">The socket.</param>
    /// <param name="robot">The other service's robot.</param>
    /// <param name="joints">Joint names in the order of our robot, as the other service calls them.</param>
    /// <param name="limits">What a socket may take.</param>
    /// <param name="timing">How long to wait for what.</param>
    /// <param name="clock">The time.</param>
    public RemoteConversation(
        WebSocket raw, string robot, IReadOnlyList<string> joints, SocketLimits limits, RemoteTiming timing, SiloClock clock)
    {
        (this.timing, this.clock) = (timing, clock);
        writer = new ArenaWriter(robot, joints, isClient: true);
        positions = new double[joints.Count];
        Socket = new JsonSocket(raw, this, limits, clock);
    }

    /// <summary>The socket it goes over.</summary>
    public JsonSocket Socket { get; }

    /// <summary>Whether the other service has taken a command.</summary>
    public bool WasAccepted { get; private set; }

    /// <summary>Whether the other service, or the way to it, does not keep up.</summary>
    public bool IsLagging(in Timestamp now)
    {
        lock (sync)
            return unansweredSince is { } since && now.IsPast(since, timing.Lagging);
    }

    /// <summary>Takes the robot's newest command.</summary>
    public void Put(ReadOnlySpan<double> command)
    {
        lock (sync)
        {
            if (command.Length != positions.Length)
                return; // The robot has just got other joints; a new conversation is under way.
            command.CopyTo(positions);
            isDue = true;
        }

        Socket.SampleIsDue();
    }

    /// <summary>Takes the answer to a command; the answer is why it was refused, or null.</summary>
    public string? Take(ArenaMessage.CommandAck answer)
    {
        lock (sync)
        {
            unansweredSince = null;
            WasAccepted |= answer.Accepted;
        }

        Socket.SampleIsDue();
        return answer.Accepted ? null : answer.Reason ?? "the command was refused";
    }

    /// <summary>The answer to a question came.</summary>
    public void Answered()
    {
        lock (sync)
            isAnswered = true;
    }

    /// <summary>Lets time pass: asks where the joints are, and sends what waited long enough.</summary>
    public void Tick(in Timestamp now)
    {
        lock (sync)
        {
            if (unansweredSince is { } since && now.IsPast(since, timing.Acknowledge))
                Socket.Close(SocketClose.Normal, $"no answer to a command for {timing.Acknowledge.TotalSeconds:0.#} s");
            if (askedAt is { } at && !now.IsPast(at, isAnswered ? timing.Ask : timing.Connect))
                return;
            (askedAt, isAnswered) = (now, false);
            writer.WriteStatusRequest(question, now.Unix);
            Socket.Send(question.WrittenSpan);
            question.ResetWrittenCount();
        }

        Socket.SampleIsDue();
    }

    /// <inheritdoc/>
    public bool TryWrite(IBufferWriter<byte> message)
    {
        var now = clock.Now();
        lock (sync)
        {
            if (!isDue || (unansweredSince is not null && sentAt is { } at && !now.IsPast(at, timing.Lagging)))
                return false;
            isDue = false;
            if (!writer.TryWriteCommand(message, now.Unix, positions))
                return false;
            unansweredSince ??= now;
            sentAt = now;
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (sync)
            writer.Dispose();
    }
}
