using System.Net.WebSockets;

namespace Armada.Bench.Load;

/// <summary>PanelSubscribers of the panel's feed that read everything and keep nothing.</summary>
internal sealed class PanelSubscribers : IAsyncDisposable
{
    private readonly List<ClientWebSocket> sockets = [];
    private readonly List<Task> reading = [];
    private long bytes;

    /// <summary>Bytes read by all together.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>Connects so many.</summary>
    public static async Task<PanelSubscribers> OpenAsync(Uri silo, int count)
    {
        var subscribers = new PanelSubscribers();
        for (var i = 0; i < count; i++)
        {
            var socket = new ClientWebSocket();
            subscribers.sockets.Add(socket);
            await socket.ConnectAsync(new UriBuilder(silo) { Scheme = "ws", Path = "/ws/panel" }.Uri, CancellationToken.None);
            subscribers.reading.Add(subscribers.ReadAsync(socket));
        }

        return subscribers;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var socket in sockets)
            socket.Abort();
        await Task.WhenAll(reading);
        foreach (var socket in sockets)
            socket.Dispose();
    }

    private async Task ReadAsync(ClientWebSocket socket)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None) is { MessageType: not WebSocketMessageType.Close } part)
                Interlocked.Add(ref bytes, part.Count);
        }
        catch (Exception end) when (end is WebSocketException or OperationCanceledException)
        {
            // Disposed, or the silo is gone.
        }
    }
}
