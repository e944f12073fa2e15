using System.Net;
using System.Net.Sockets;
using Armada.Up.Children;

namespace Armada.Up.Stage;

/// <summary>A supervised mosquitto on loopback.</summary>
internal static class Broker
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Starts the broker and waits until it takes connections.</summary>
    /// <exception cref="ChildDiedException">It ended, or takes none.</exception>
    public static async Task<Child> StartAsync(Workspace workspace, int port, CancellationToken cancellation)
    {
        var configuration = workspace.Write("mosquitto.conf", $"""
            listener {port} 127.0.0.1
            allow_anonymous true
            persistence false
            set_tcp_nodelay true
            max_queued_messages 10000
            log_dest stderr
            """);
        var broker = Child.Start("mosquitto", workspace.Folder, Executable(), "-c", configuration);
        try
        {
            await AnsweringAsync(broker, port, cancellation);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    private static async Task AnsweringAsync(Child broker, int port, CancellationToken cancellation)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!await AnswersAsync(port, cancellation))
        {
            if (broker.Died)
                throw broker.Obituary();
            if (TimeProvider.System.GetElapsedTime(begun) > StartTimeout)
                throw new ChildDiedException($"mosquitto takes no connection on port {port} after {StartTimeout.TotalSeconds:0} s", null);
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellation);
        }
    }

    // Debian keeps servers in /usr/sbin, which an ordinary user's PATH may lack.
    private static string Executable() => File.Exists("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : "mosquitto";

    private static async Task<bool> AnswersAsync(int port, CancellationToken cancellation)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
