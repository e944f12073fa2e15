using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Armada.Silo.Sockets;

/// <summary>
/// How Kestrel uses sockets. What the kernel queues for a client that reads slowly is limited: its send buffer grows to megabytes, which for
/// samples is minutes of the past, and unsent samples must wait in this process, where a newer one replaces them. What is read is handled, and
/// what is written is sent, on the thread that has it: changing threads three more times doubles a sample's p99 at 100 arms.
/// </summary>
internal static class KestrelSockets
{
    private const int Tcp = 6;
    private const int NotSentLowWater = 25; // TCP_NOTSENT_LOWAT in tcp(7)'s header, linux/tcp.h.
    private const int MaxUnsentBytes = 16 * 1024;

    public static void Configure(SocketTransportOptions options)
    {
        options.UnsafePreferInlineScheduling = true;
        options.CreateBoundListenSocket = endpoint =>
        {
            var listening = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            if (OperatingSystem.IsLinux())
                LimitUnsent(listening);
            return listening;
        };
    }

    private static void LimitUnsent(Socket socket)
    {
        var maxBytes = MaxUnsentBytes;
        socket.SetRawSocketOption(Tcp, NotSentLowWater, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(ref maxBytes)));
    }
}
