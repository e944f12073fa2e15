using System.Net;
using System.Net.Sockets;

namespace Armada.Testing.Network;

/// <summary>Loopback ports nobody listens on.</summary>
public static class FreePort
{
    private static readonly Lock Asking = new();
    private static readonly HashSet<int> Given = [];

    /// <summary>A port that was free a moment ago and that this process has not given out before.</summary>
    public static int Next()
    {
        lock (Asking)
        {
            while (true)
            {
                using var listener = new TcpListener(IPAddress.Loopback, 0);
                listener.Start();
                var port = ((IPEndPoint)listener.LocalEndpoint).Port;
                if (Given.Add(port)) return port;
            }
        }
    }
}
