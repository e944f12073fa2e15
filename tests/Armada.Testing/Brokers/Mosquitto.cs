using System.Net.Sockets;
using Armada.Testing.Network;
using Armada.Testing.Processes;

namespace Armada.Testing.Brokers;

/// <summary>A real mosquitto on a free loopback port; disposing it removes its process and its files.</summary>
public sealed class Mosquitto : IAsyncDisposable
{
    private const string Program = "/usr/sbin/mosquitto";
    private readonly TempFolder folder = new();
    private readonly string configuration;
    private RunningProcess? process;

    private Mosquitto(bool tls, string further, DateTimeOffset? from = null)
    {
        var lines = $"""
            listener {Port} 127.0.0.1
            allow_anonymous true
            max_queued_messages 100000
            set_tcp_nodelay true
            log_type error
            log_type warning
            log_type notice
            """;
        if (tls)
        {
            Certificates = new(folder, from: from);
            var (certificate, key) = Certificates.Server();
            lines += $"""

                cafile {Certificates.CaFile}
                certfile {certificate}
                keyfile {key}
                require_certificate true
                use_identity_as_username true
                """;
        }
        // As root the broker would drop to its own user, who may not read the test's files.
        if (Environment.IsPrivilegedProcess) lines += "\nuser root";
        configuration = folder.Write("mosquitto.conf", $"{lines}\n{further}\n");
    }

    /// <summary>Address it listens on.</summary>
    public string Host { get; } = "127.0.0.1";

    /// <summary>Port it listens on; stays the same over a restart.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>The authority the broker trusts, where it speaks TLS.</summary>
    public TestCertificates? Certificates { get; }

    /// <summary>Id of its process.</summary>
    public int ProcessId => process?.Id ?? throw new InvalidOperationException("it does not run");

    /// <summary>Whether it runs.</summary>
    public bool IsRunning => process is { HasExited: false };

    /// <summary>Log since its last start.</summary>
    public string Log => process?.Output ?? "";

    /// <summary>Starts a broker without TLS that accepts anybody.</summary>
    /// <param name="further">Further lines of its configuration.</param>
    public static Task<Mosquitto> StartAsync(string further = "") => StartedAsync(new(tls: false, further));

    /// <summary>Starts a broker that requires a client certificate of its own authority.</summary>
    /// <param name="further">Further lines of its configuration.</param>
    public static Task<Mosquitto> StartTlsAsync(string further = "", DateTimeOffset? from = null) => StartedAsync(new(tls: true, further, from));

    /// <summary>A broker that is not started yet, whose port is known.</summary>
    public static Mosquitto Unstarted() => new(tls: false, "");

    /// <summary>Starts it, again or for the first time, and waits until it accepts connections.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        process = RunningProcess.Start(Program, "-c", configuration);
        await Eventually.Holds(
            () => $"mosquitto accepts connections on port {Port}; it said:\n{Log}", () => process.HasExited || Accepts());
        if (process.HasExited) throw new InvalidOperationException($"mosquitto ended at once:\n{Log}");
    }

    /// <summary>SIGKILL: nobody is told.</summary>
    public Task KillAsync() => EndAsync(Signal.Kill);

    /// <summary>SIGTERM: a graceful shutdown.</summary>
    public Task StopAsync() => EndAsync(Signal.Terminate);

    public async ValueTask DisposeAsync()
    {
        await EndAsync(Signal.Kill);
        Certificates?.Dispose();
        folder.Dispose();
    }

    private static async Task<Mosquitto> StartedAsync(Mosquitto broker)
    {
        try
        {
            await broker.RestartAsync();
            return broker;
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
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
            using var client = new TcpClient(Host, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
