using System.Buffers;
using System.Net.WebSockets;
using System.Threading.Channels;
using Armada.Core.Time;
using Armada.Silo.Engine;

namespace Armada.Silo.Sockets;

/// <summary>What a socket sends of a sample: asked for at the moment of sending, so that only the newest is ever sent.</summary>
internal interface ISampleSource
{
    /// <summary>Writes the newest sample; false where there is none to send.</summary>
    bool TryWrite(IBufferWriter<byte> message);
}

/// <summary>
/// One WebSocket with JSON text messages. What is sent never waits for the client: samples are written when the client can take them,
/// newest only, and other messages wait in a bounded queue before them.
/// </summary>
/// <remarks>Members may be called from any thread; <see cref="RunAsync"/> once. The socket is disposed by whoever made it.</remarks>
internal sealed partial class JsonSocket
{
    private readonly WebSocket socket;
    private readonly ISampleSource? samples;
    private readonly SocketLimits limits;
    private readonly SiloClock clock;
    private readonly Lock sync = new();
    private readonly Queue<byte[]> waiting = new();
    private readonly Channel<bool> bell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly TaskCompletionSource read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool sampleDue;
    private Timestamp? sampleDueSince;
    private (int Code, string Reason)? closing;

    /// <summary>Around an open socket.</summary>
    public JsonSocket(WebSocket socket, ISampleSource? samples, SocketLimits limits, SiloClock clock)
    {
        (this.socket, this.samples, this.limits, this.clock) = (socket, samples, limits, clock);
    }

    /// <summary>Since when a sample has been waiting for the client, or null where none is.</summary>
    public Timestamp? SampleWaitingSince
    {
        get
        {
            lock (sync)
                return sampleDueSince;
        }
    }

    /// <summary>Why the socket closed or is closing; null while it is open, and where the peer went without a word.</summary>
    public (int Code, string Reason)? Closing
    {
        get
        {
            lock (sync)
                return closing;
        }
    }

    /// <summary>Queues a message. A client with too many waiting is closed.</summary>
    public void Send(ReadOnlySpan<byte> message)
    {
        lock (sync)
        {
            if (closing is not null)
                return;
            if (waiting.Count < limits.MaxWaiting)
                waiting.Enqueue(message.ToArray());
            else
                closing = (SocketClose.TooSlow, "too many messages wait for this client");
        }

        Ring();
    }

    /// <summary>Tells that there is a newer sample; true where an older one was still waiting.</summary>
    public bool SampleIsDue()
    {
        lock (sync)
        {
            if (sampleDue)
                return true;
            sampleDue = true;
            sampleDueSince ??= clock.Now();
        }

        Ring();
        return false;
    }

    /// <summary>Closes after what waits has been sent; the first reason stands.</summary>
    /// <param name="code">See <see cref="SocketClose"/>.</param>
    /// <param name="reason">For people; cut to the 123 bytes that a close frame holds.</param>
    public void Close(int code, string reason)
    {
        lock (sync)
            closing ??= (code, reason);
        Ring();
    }

    /// <summary>Sends and receives until the peer or the silo closes, or the connection is lost.</summary>
    /// <param name="receive">Takes each message, one at a time; the memory is its own only until it returns.</param>
    /// <param name="cancellation">Closes with 1001.</param>
    public async Task RunAsync(Func<ReadOnlyMemory<byte>, ValueTask> receive, CancellationToken cancellation)
    {
        await using var stop = cancellation.Register(() => Close(SocketClose.GoingAway, "the silo stops"));
        var writing = WriteAsync();
        try
        {
            await ReadAsync(receive);
        }
        catch
        {
            Close(SocketClose.Fault, "the silo failed; its log says why");
            throw;
        }
        finally
        {
            read.SetResult();
            Close(SocketClose.Normal, "");
            await writing;
        }
    }

    private void Ring() => bell.Writer.TryWrite(true);
}
