using System.Net;
using System.Net.Sockets;

namespace Armada.Testing.Network;

/// <summary>Loopback ports for servers that a test starts.</summary>
/// <remarks>
/// Below the ports that the system gives out by itself (32768 and up), so that no client connection takes one between choice and use. Test
/// projects run side by side, so each process has a range of its own, which it owns as long as it holds a lock file.
/// </remarks>
public static class FreePort
{
    private const int First = 10_000;
    private const int RangeSize = 1_000;
    private const int Ranges = 22;

    private static readonly Lock Choosing = new();
    private static readonly FileStream RangeLock = LockRange();
    private static readonly int RangeStart = First + (RangeSize * int.Parse(Path.GetFileName(RangeLock.Name), System.Globalization.CultureInfo.InvariantCulture));
    private static int next;

    /// <summary>A port that nobody listens on and that this process has not given out lately.</summary>
    public static int Next()
    {
        lock (Choosing)
        {
            for (var tries = 0; tries < RangeSize; tries++)
            {
                var port = RangeStart + (next++ % RangeSize);
                try
                {
                    using var listener = new TcpListener(IPAddress.Loopback, port);
                    listener.Start();
                    return port;
                }
                catch (SocketException)
                {
                    // Somebody listens there.
                }
            }
        }

        throw new InvalidOperationException($"all ports from {RangeStart} to {RangeStart + RangeSize - 1} are taken");
    }

    // The lock ends with the process, whatever way that ends.
    private static FileStream LockRange()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"armada-test-ports-{Environment.UserName}"));
        for (var range = 0; range < Ranges; range++)
        {
            try
            {
                return new FileStream(Path.Combine(folder.FullName, $"{range}"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                // Another test process has it.
            }
        }

        throw new InvalidOperationException($"{Ranges} test processes hold every range of ports ({folder})");
    }
}
