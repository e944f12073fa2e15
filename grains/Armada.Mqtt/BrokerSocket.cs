using System.Net;
using System.Net.Sockets;

namespace Armada.Mqtt;

/// <summary>Finds the broker and connects a socket to it.</summary>
internal static class BrokerSocket
{
    /// <summary>Connects to the first of the host's addresses that answers.</summary>
    /// <exception cref="SocketException">The host is not found, or none of its addresses answers.</exception>
    public static async Task<Socket> ConnectAsync(string host, int port, CancellationToken cancellation)
    {
        var addresses = IPAddress.TryParse(host, out var given) ? [given] : await Dns.GetHostAddressesAsync(host, cancellation);
        SocketException? last = null;
        foreach (var address in addresses)
        {
            cancellation.ThrowIfCancellationRequested();
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await ConnectAsync(socket, new(address, port), cancellation);
                return socket;
            }
            catch (SocketException fault)
            {
                last = fault;
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        cancellation.ThrowIfCancellationRequested();
        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    // Not Socket.ConnectAsync: a socket that was once awaited wakes a thread of the framework's at every arrival from then on,
    // beside the link's own, which polls.
    private static async Task ConnectAsync(Socket socket, IPEndPoint broker, CancellationToken cancellation)
    {
        using var giveUp = cancellation.Register(socket.Dispose);
        try
        {
            await Task.Factory.StartNew(
                () => socket.Connect(broker), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        catch (Exception fault) when (fault is ObjectDisposedException or SocketException && cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(fault.Message, fault, cancellation);
        }
    }
}
