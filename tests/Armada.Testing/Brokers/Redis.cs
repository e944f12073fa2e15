using System.Net.Sockets;
using Armada.Testing.Network;
using Armada.Testing.Processes;

namespace Armada.Testing.Brokers;

/// <summary>A real Redis on a free loopback port that writes every change to disk before it answers; disposing it removes its process and its files.</summary>
public sealed class Redis : IAsyncDisposable
{
    private const string Program = "/usr/bin/redis-server";
    private readonly TempFolder folder = new();
    private RunningProcess? process;

    private Redis()
    {
    }

    /// <summary>Port it listens on; stays the same over a restart.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>How a client reaches it.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Starts one.</summary>
    public static async Task<Redis> StartAsync()
    {
        var redis = new Redis();
        try
        {
            await redis.RestartAsync();
            return redis;
        }
        catch
        {
            await redis.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it, again or for the first time, with what it had stored.</summary>
    public async Task RestartAsync()
    {
        await EndAsync(Signal.Terminate);
        process = RunningProcess.Start(
            Program, "--port", $"{Port}", "--bind", "127.0.0.1", "--dir", folder.Path, "--appendonly", "yes", "--appendfsync", "always", "--save", "");
        await Eventually.Holds(() => $"Redis accepts connections on port {Port}; it said:\n{process.Output}", () => process.HasExited || Accepts());
        if (process.HasExited) throw new InvalidOperationException($"Redis ended at once:\n{process.Output}");
    }

    /// <summary>SIGTERM: a graceful shutdown; the next start has what was stored.</summary>
    public Task StopAsync() => EndAsync(Signal.Terminate);

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => EndAsync(Signal.Kill);

    public async ValueTask DisposeAsync()
    {
        await EndAsync(Signal.Kill);
        folder.Dispose();
    }

    private async Task EndAsync(Signal signal)
    {
        if (process is null) return;
        await process.SendAsync(signal);
        await process.ExitsAsync();
        await process.DisposeAsync();
        process = null;
    }

    private bool Accepts()
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
