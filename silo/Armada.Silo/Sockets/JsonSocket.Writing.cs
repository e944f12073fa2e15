using System.Buffers;
using System.Net.WebSockets;
using System.Text;

namespace Armada.Silo.Sockets;

internal sealed partial class JsonSocket
{
    private const int LongestReason = 123; // RFC 6455: a close frame's 125 bytes, less its code.

    private async Task WriteAsync()
    {
        var sample = new ArrayBufferWriter<byte>();
        try
        {
            while (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await bell.Reader.ReadAsync();
                while (TryTake(sample, out var message))
                    await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
                if (Closing is { } goodbye)
                {
                    await SayGoodbyeAsync(goodbye.Code, goodbye.Reason);
                    return;
                }
            }
        }
        catch (WebSocketException)
        {
            socket.Abort(); // The peer is gone; the reader ends with it.
        }
        catch (OperationCanceledException)
        {
            socket.Abort(); // The peer did not say goodbye in time, or answers no more pings.
        }
    }

    private bool TryTake(ArrayBufferWriter<byte> sample, out ReadOnlyMemory<byte> message)
    {
        lock (sync)
        {
            if (waiting.TryDequeue(out var next))
            {
                message = next;
                return true;
            }

            message = default;
            var due = sampleDue;
            sampleDue = false;
            if (!due)
            {
                sampleDueSince = null;
                return false;
            }

            sampleDueSince = clock.Now();
        }

        sample.ResetWrittenCount();
        if (samples?.TryWrite(sample) != true)
            return TryTake(sample, out message);
        message = sample.WrittenMemory;
        return true;
    }

    private async Task SayGoodbyeAsync(int code, string reason)
    {
        using var late = new CancellationTokenSource(limits.GoodbyeWithin, clock.Time);
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            await socket.CloseOutputAsync((WebSocketCloseStatus)code, Cut(reason), late.Token);
        await using var abort = late.Token.Register(socket.Abort);
        await read.Task;
    }

    private static string Cut(string reason)
    {
        while (Encoding.UTF8.GetByteCount(reason) > LongestReason)
            reason = reason[..^1];
        return reason;
    }
}
