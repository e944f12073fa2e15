using System.Net;
using System.Net.Sockets;

namespace Armada.Testing.Network;

/// <summary>A TCP proxy on loopback that can be cut in mid-stream, stalled and resumed.</summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private readonly int _target;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new();
    private readonly List<Socket> _open = [];
    private readonly List<Task> _pumps = [];
    private readonly Task _accepting;
    private TaskCompletionSource _flowing = Completed();
    private bool _refuses;
    private long _forwarded;

    public CuttingProxy(int targetPort)
    {
        _target = targetPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where to connect instead.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Bytes forwarded in both directions together.</summary>
    public long Forwarded => Interlocked.Read(ref _forwarded);

    /// <summary>Resets every connection; while <paramref name="refuse"/> holds, new ones too.</summary>
    public void Cut(bool refuse = false)
    {
        lock (_lock)
        {
            _refuses = refuse;
            foreach (var socket in _open) Reset(socket);
            _open.Clear();
        }
    }

    /// <summary>Keeps connections open and accepts new ones, but forwards and reads nothing more.</summary>
    public void Stall()
    {
        lock (_lock) _flowing = _flowing.Task.IsCompleted ? new(TaskCreationOptions.RunContinuationsAsynchronously) : _flowing;
    }

    /// <summary>Ends a stall or a refusal.</summary>
    public void Resume()
    {
        lock (_lock)
        {
            _refuses = false;
            _flowing.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Stop();
        Cut(refuse: true);
        lock (_lock) _flowing.TrySetResult();
        await _accepting;
        Task[] pumps;
        lock (_lock) pumps = [.. _pumps];
        await Task.WhenAll(pumps);
        _ending.Dispose();
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
        while (!_ending.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync(_ending.Token);
            }
            catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
            var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _target, _ending.Token);
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
        lock (_lock)
        {
            if (_refuses)
            {
                client.Dispose();
                server.Dispose();
                return;
            }
            _open.AddRange([client, server]);
            _pumps.AddRange([PumpAsync(client, server), PumpAsync(server, client)]);
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
                Interlocked.Add(ref _forwarded, count);
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
        lock (_lock) return _flowing.Task;
    }
}
