using System.Net.Sockets;

namespace Armada.Emulators.Command;

/// <summary>A unix socket that takes <see cref="ControlLines"/>; any number of clients, each served in turn of its lines.</summary>
internal sealed class ControlSocket : IDisposable
{
    private readonly string path;
    private readonly ControlLines lines;
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    /// <exception cref="IOException">The socket cannot be made.</exception>
    public ControlSocket(string path, ControlLines lines)
    {
        this.path = path;
        this.lines = lines;
        try
        {
            if (IsAbandoned(path))
                File.Delete(path);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen();
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            listener.Dispose();
            throw new IOException($"cannot make the control socket {path}: {error.Message}", error);
        }
    }

    /// <summary>Serves until canceled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        List<Task> clients = [];
        try
        {
            while (true)
            {
                var client = await listener.AcceptAsync(cancellation);
                clients.RemoveAll(c => c.IsCompleted);
                clients.Add(ServeAsync(client, cancellation));
            }
        }
        finally
        {
            await Task.WhenAll(clients).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Removes the socket.</summary>
    public void Dispose()
    {
        listener.Dispose();
        File.Delete(path);
    }

    /// <summary>Reads lines and writes answers until the other side ends.</summary>
    public static async Task ConverseAsync(ControlLines lines, TextReader input, TextWriter output, CancellationToken cancellation)
    {
        while (await input.ReadLineAsync(cancellation) is { } line)
        {
            await output.WriteLineAsync(lines.Obey(line).AsMemory(), cancellation);
            await output.FlushAsync(cancellation);
        }
    }

    private async Task ServeAsync(Socket client, CancellationToken cancellation)
    {
        await using var stream = new NetworkStream(client, ownsSocket: true);
        using var reader = new StreamReader(stream);
        await using var writer = new StreamWriter(stream);
        try
        {
            await ConverseAsync(lines, reader, writer, cancellation);
        }
        catch (IOException)
        {
            // The client left in the midst of a line, which is its right.
            return;
        }
    }

    /// <summary>Whether a socket of that name is left over from a program that is no more.</summary>
    private static bool IsAbandoned(string path)
    {
        if (!File.Exists(path))
            return false;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return false;
        }
        catch (SocketException error)
        {
            return error.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }
}
