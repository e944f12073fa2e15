using System.Net;
using System.Net.Sockets;

namespace Armada.Testing.Network;

/// <summary>A TCP proxy that can be cut in mid-stream, stalled and resumed.</summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private readonly int target;
    private readonly TcpListener listener;
    private readonly CancellationTokenSource ending = new();
    private readonly Lock gate = new();
    private readonly List<Socket> open = [];
    private readonly List<Task> pumps = [];
    private readonly Task accepting;
    private TaskCompletionSource flowing = Completed();
    private bool refuses;
    private long forwarded;
    private int connections;

    /// <param name="targetPort">Of loopback.</param>
    /// <param name="address">Where it listens; loopback if not given.</param>
    public CuttingProxy(int targetPort, IPAddress? address = null)
    {
        (target, listener) = (targetPort, new TcpListener(address ?? IPAddress.Loopback, 0));
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Where to connect instead.</summary>
    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Bytes forwarded in both directions together.</summary>
    public long Forwarded => Interlocked.Read(ref forwarded);

    /// <summary>Connections accepted so far.</summary>
    public int Connections => Volatile.Read(ref connections);

    /// <summary>Resets every connection; while <paramref name="refuse"/> holds, new ones too.</summary>
    public void Cut(bool refuse = false)
    {
        lock (gate)
        {
            refuses = refuse;
            foreach (var socket in open) Reset(socket);
            open.Clear();
        }
    }

    /// <summary>Keeps connections open and accepts new ones, but forwards and reads nothing more.</summary>
    public void Stall()
    {
        lock (gate) flowing = flowing.Task.IsCompleted ? new(TaskCreationOptions.RunContinuationsAsynchronously) : flowing;
    }

    /// <summary>Ends a stall or a refusal.</summary>
    public void Resume()
    {
        lock (gate)
        {
            refuses = false;
            flowing.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Stop();
        Cut(refuse: true);
        lock (gate) flowing.TrySetResult();
        await accepting;
        Task[] running;
        lock (gate) running = [.. pumps];
        await Task.WhenAll(running);
        ending.Dispose();
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new(true, 0);
        }
        catch (ObjectDisposedException)
        {
            // Its pump has ended by itself and closed it.
            return;
        }
        socket.Dispose();
    }

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        source.SetResult();
        return source;
    }

    private async Task AcceptAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await listener.AcceptSocketAsync(ending.Token);
            }
            catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
            var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, target, ending.Token);
            }
            catch (Exception unreachable) when (unreachable is SocketException or OperationCanceledException)
            {
                client.Dispose();
                server.Dispose();
                continue;
            }
            Begin(client, server);
        }
    }

    private void Begin(Socket client, Socket server)
    {
        client.NoDelay = server.NoDelay = true;
        // Small buffers, so that a stall is felt after kilobytes and not after megabytes.
        client.ReceiveBufferSize = server.ReceiveBufferSize = 32 * 1024;
        lock (gate)
        {
            if (refuses)
            {
                client.Dispose();
                server.Dispose();
                return;
            }
            open.AddRange([client, server]);
            connections++;
            pumps.AddRange([PumpAsync(client, server), PumpAsync(server, client)]);
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                await Flowing();
                var count = await from.ReceiveAsync(buffer);
                if (count == 0) break;
                await Flowing();
                for (var sent = 0; sent < count;) sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                Interlocked.Add(ref forwarded, count);
            }
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception cut) when (cut is SocketException or ObjectDisposedException)
        {
            from.Dispose();
            to.Dispose();
        }
    }

    private Task Flowing()
    {
        lock (gate) return flowing.Task;
    }
}
