namespace Armada.Silo.Sockets;

/// <summary>Loops that run beside a socket and end with it.</summary>
internal static class SocketGuard
{
    /// <summary>Ends with the loop: quietly where it was canceled, and closing the socket where it failed.</summary>
    public static async Task GuardAsync(this JsonSocket socket, Task loop)
    {
        try
        {
            await loop;
        }
        catch (OperationCanceledException)
        {
            // The socket has ended, and the loop with it.
        }
        catch
        {
            socket.Close(SocketClose.Fault, "the silo failed; its log says why");
            throw;
        }
    }
}
