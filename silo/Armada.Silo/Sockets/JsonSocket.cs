using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;
using Armada.Core.Time;
using Armada.Grains.Robots;

namespace Armada.Silo.Sockets;

/// <summary>The newest sample, written at the moment of sending.</summary>
internal interface ISampleSource
{
    /// <summary>False if there is nothing to send.</summary>
    bool TryWrite(IBufferWriter<byte> message);
}

internal sealed record SocketClosing(int Code, string Reason);

/// <summary>
/// One WebSocket with JSON text messages. Senders never wait for the client: samples are written when the client can take them, newest
/// only, and other messages precede them in a bounded queue.
/// </summary>
/// <remarks>Members may be called from any thread; <see cref="RunAsync"/> once. The socket is disposed by its creator.</remarks>
internal sealed class JsonSocket
{
    private const int InitialBufferBytes = 4096;
    private const string InternalError = "internal error; see the silo's log";
    private const int MaxReasonBytes = 123; // RFC 6455: a close frame's 125 bytes, less its code.

    private readonly WebSocket socket;
    private readonly ISampleSource? samples;
    private readonly SocketLimits limits;
    private readonly SiloClock clock;
    private readonly Lock sync = new();
    private readonly Queue<byte[]> queued = new();
    private readonly Channel<bool> wakeUp = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly TaskCompletionSource read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool isSampleDue;
    private Timestamp? samplePendingSince;
    private volatile SocketClosing? closing;

    public JsonSocket(WebSocket socket, ISampleSource? samples, SocketLimits limits, SiloClock clock)
    {
        (this.socket, this.samples, this.limits, this.clock) = (socket, samples, limits, clock);
    }

    /// <summary>Accepts a WebSocket request, with the subprotocol that carries no key.</summary>
    public static Task<WebSocket> AcceptAsync(HttpContext context, SocketLimits limits)
    {
        var accept = OpenSockets.Accept(context);
        (accept.KeepAliveInterval, accept.KeepAliveTimeout) = (limits.PingInterval, limits.PongTimeout);
        return context.WebSockets.AcceptWebSocketAsync(accept);
    }

    /// <summary>Whether a sample has been waiting for the client for longer than this.</summary>
    public bool IsLagging(TimeSpan limit)
    {
        lock (sync)
            return samplePendingSince is { } since && clock.Now().IsPast(since, limit);
    }

    /// <summary>Why the socket closed or is closing; null while it is open, and if the peer closed it.</summary>
    public SocketClosing? Closing => closing;

    public void Send(ReadOnlySpan<byte> message)
    {
        lock (sync)
        {
            if (closing is not null)
                return;
            if (queued.Count < limits.MaxQueuedMessages)
                queued.Enqueue(message.ToArray());
            else
                closing = new SocketClosing(SocketClose.TooSlow, "the client reads too slowly: too many messages are queued");
        }

        Wake();
    }

    public bool NotifySample()
    {
        lock (sync)
        {
            if (isSampleDue)
                return true;
            isSampleDue = true;
            samplePendingSince ??= clock.Now();
        }

        Wake();
        return false;
    }

    public void Close(int code, string reason)
    {
        lock (sync)
            closing ??= new SocketClosing(code, reason);
        Wake();
    }

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
            Close(SocketClose.Fault, InternalError);
            throw;
        }
        finally
        {
            read.SetResult();
            Close(SocketClose.Normal, "");
            await writing;
        }
    }

    /// <summary>Awaits a task that belongs to this socket: ends quietly if it was canceled, and closes the socket if it failed.</summary>
    public async Task GuardAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (OperationCanceledException)
        {
            // The socket has ended.
        }
        catch
        {
            Close(SocketClose.Fault, InternalError);
            throw;
        }
    }

    private void Wake() => wakeUp.Writer.TryWrite(true);

    private async Task ReadAsync(Func<ReadOnlyMemory<byte>, ValueTask> receive)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(InitialBufferBytes);
        try
        {
            var length = 0;
            while (socket.State is WebSocketState.Open or WebSocketState.CloseSent)
            {
                if (length == buffer.Length)
                    buffer = Grow(buffer, length);
                var part = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
                if (part.MessageType == WebSocketMessageType.Close)
                    return;
                length += part.Count;
                if (part.MessageType != WebSocketMessageType.Text)
                {
                    Close(SocketClose.NotText, "send JSON as text");
                }
                else if (length > limits.MaxMessageBytes)
                {
                    Close(SocketClose.TooLarge, $"a message may have at most {limits.MaxMessageBytes} bytes");
                }
                else if (!part.EndOfMessage)
                {
                    continue;
                }
                else if (Closing is null)
                {
                    await receive(buffer.AsMemory(0, length));
                }

                length = 0;
            }
        }
        catch (Exception lost) when (lost is WebSocketException or OperationCanceledException && socket.State != WebSocketState.Open)
        {
            // The peer vanished; the session ends as after a close.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grow(byte[] buffer, int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private async Task WriteAsync()
    {
        var sample = new ArrayBufferWriter<byte>();
        try
        {
            while (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await wakeUp.Reader.ReadAsync();
                while (TryDequeue(sample, out var message))
                    await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
                if (Closing is { } close)
                {
                    await CloseAsync(close.Code, close.Reason);
                    return;
                }
            }
        }
        catch (WebSocketException)
        {
            socket.Abort(); // The peer vanished; this ends the reader.
        }
        catch (OperationCanceledException)
        {
            socket.Abort(); // The peer did not close in time, or answers no pings.
        }
    }

    private bool TryDequeue(ArrayBufferWriter<byte> sample, out ReadOnlyMemory<byte> message)
    {
        lock (sync)
        {
            if (queued.TryDequeue(out var next))
            {
                message = next;
                return true;
            }

            message = default;
            var due = isSampleDue;
            isSampleDue = false;
            if (!due)
            {
                samplePendingSince = null;
                return false;
            }

            samplePendingSince = clock.Now();
        }

        sample.ResetWrittenCount();
        if (samples?.TryWrite(sample) != true)
            return TryDequeue(sample, out message);
        message = sample.WrittenMemory;
        return true;
    }

    private async Task CloseAsync(int code, string reason)
    {
        using var timeout = new CancellationTokenSource(limits.CloseTimeout, clock.Time);
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            await socket.CloseOutputAsync((WebSocketCloseStatus)code, Truncate(reason), timeout.Token);
        await using var abort = timeout.Token.Register(socket.Abort);
        await read.Task;
    }

    private static string Truncate(string reason)
    {
        while (Encoding.UTF8.GetByteCount(reason) > MaxReasonBytes)
            reason = reason[..^1];
        return reason;
    }
}
