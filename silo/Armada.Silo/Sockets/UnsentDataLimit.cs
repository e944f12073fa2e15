using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Armada.Silo.Sockets;

/// <summary>
/// Limits what the kernel queues for a client that reads slowly. Its send buffer grows to megabytes, which for samples is minutes of the
/// past: unsent samples must wait in this process, where a newer one replaces them.
/// </summary>
internal static class UnsentDataLimit
{
    private const int Tcp = 6;
    private const int NotSentLowWater = 25; // TCP_NOTSENT_LOWAT in tcp(7)'s header, linux/tcp.h.
    private const int MaxUnsentBytes = 16 * 1024;

    public static void Apply(SocketTransportOptions options) => options.CreateBoundListenSocket = endpoint =>
    {
        var listening = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        if (OperatingSystem.IsLinux())
            LimitUnsent(listening);
        return listening;
    };

    private static void LimitUnsent(Socket socket)
    {
        var maxBytes = MaxUnsentBytes;
        socket.SetRawSocketOption(Tcp, NotSentLowWater, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(ref maxBytes)));
    }
}
