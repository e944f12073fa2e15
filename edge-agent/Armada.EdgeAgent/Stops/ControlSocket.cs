using System.Net.Sockets;
using System.Text;

namespace Armada.EdgeAgent.Stops;

/// <summary>The unix socket on which an agent takes stop, reset and status: where it is, and the asking side.</summary>
public static class ControlSocket
{
    /// <summary>The socket's path unless another is configured: the user's runtime folder, else the temporary one.</summary>
    public static string DefaultPath => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime && Directory.Exists(runtime)
            ? runtime
            : Path.GetTempPath(),
        "armada-agent.sock");

    /// <returns>The answer, one line of JSON.</returns>
    /// <exception cref="ConfigurationException">No agent listens there.</exception>
    public static async Task<string> AskAsync(string path, string command, CancellationToken cancellation)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(EndPoint(path), cancellation);
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(command + "\n"), cancellation);
            using var reader = new StreamReader(stream);
            return await reader.ReadLineAsync(cancellation)
                ?? throw new ConfigurationException($"{path}: the agent closed the socket without an answer; see its log");
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw new ConfigurationException($"{path}: no agent listens there ({e.Message}); start one, or name its socket with --socket", e);
        }
    }

    /// <summary>A socket bound to the path, mode 0600, listening.</summary>
    /// <exception cref="ConfigurationException">Another agent listens there, or the path cannot be used.</exception>
    internal static Socket Listen(string path)
    {
        if (Answers(path))
            throw new ConfigurationException($"{path}: another agent listens there; give this one its own control_socket");
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(path);
            socket.Bind(EndPoint(path));
            // Nobody can connect before Listen, so there is no moment in which another user could.
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen(8);
            return socket;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw new ConfigurationException($"{path}: no socket can be made there ({e.Message}); set control_socket to another path", e);
        }
    }

    private static bool Answers(string path)
    {
        if (!File.Exists(path))
            return false;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(EndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static UnixDomainSocketEndPoint EndPoint(string path)
    {
        try
        {
            return new UnixDomainSocketEndPoint(path);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new ConfigurationException($"{path}: is too long for a socket (108 bytes at most); choose a shorter path", e);
        }
    }
}
