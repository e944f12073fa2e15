using System.Buffers;
using System.Net.WebSockets;

namespace Armada.Silo.Sockets;

internal sealed partial class JsonSocket
{
    private const int FirstBuffer = 4096;

    private async Task ReadAsync(Func<ReadOnlyMemory<byte>, ValueTask> receive)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
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
                    Close(SocketClose.TooLarge, $"a message may have {limits.MaxMessageBytes} bytes");
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
            // The peer is gone; its session ends as after a close.
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
}
