using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Armada.EdgeAgent.Stops;

/// <summary>The unix socket on which an agent takes stop, reset, recover and status: the asking side, and the listening one.</summary>
internal static class ControlSocket
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    /// <summary>Asks every agent of this machine that this user may ask, at once.</summary>
    /// <returns>What each answered; one that did not answer, or that may not be asked, says why.</returns>
    /// <exception cref="ConfigurationException">No agent listens at any known place.</exception>
    public static async Task<IReadOnlyList<ControlAnswer>> AskAllAsync(ControlSocketPlaces places, string command, CancellationToken cancellation)
    {
        var asked = await Task.WhenAll(places.All().Select(place => AskAsync(place, command, cancellation)));
        ControlAnswer[] answers = [.. asked.OfType<ControlAnswer>()];
        return answers.Length > 0
            ? answers
            : throw new ConfigurationException("no agent listens at any known place; start one, ask as the user it runs as or with sudo, or name its control_socket with --socket");
    }

    /// <exception cref="ConfigurationException">No agent listens there, or it does not answer.</exception>
    public static async Task<ControlAnswer> AskAsync(string path, string command, CancellationToken cancellation)
    {
        var answer = await AskAsync(new ControlSocketPlace(path), command, cancellation)
            ?? throw new ConfigurationException($"{path}: no agent listens there; start one, or name its socket with --socket");
        return answer is { Ok: false, Socket: null } ? throw new ConfigurationException(answer.Error!) : answer;
    }

    /// <summary>A socket bound to the path, listening.</summary>
    /// <exception cref="ConfigurationException">Another agent listens there, or the path cannot be used.</exception>
    public static Socket Listen(ControlSocketPlace place)
    {
        var path = place.Path;
        if (Answers(path))
            throw new ConfigurationException($"{path}: another agent listens there; give this one its own control_socket");
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(path);
            socket.Bind(EndPoint(path));
            // Nobody can connect before Listen, so there is no moment in which another user could.
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | (place.IsForGroup ? UnixFileMode.GroupRead | UnixFileMode.GroupWrite : UnixFileMode.None));
            socket.Listen(8);
            return socket;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw new ConfigurationException($"{path}: no socket can be made there ({e.Message}); set control_socket to another path", e);
        }
    }

    /// <summary>The user that the process at the other end runs as; null where the system does not tell.</summary>
    public static uint? PeerOf(Socket socket)
    {
        const int SolSocket = 1;
        const int SoPeerCred = 17;
        if (!OperatingSystem.IsLinux())
            return null;
        Span<uint> credentials = stackalloc uint[3]; // Process, user, group.
        socket.GetRawSocketOption(SolSocket, SoPeerCred, MemoryMarshal.AsBytes(credentials));
        return credentials[1];
    }

    /// <returns>Null where nobody listens.</returns>
    private static async Task<ControlAnswer?> AskAsync(ControlSocketPlace place, string command, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(AnswerWithin);
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(EndPoint(place.Path), deadline.Token);
            if (place.Owner is { } owner && PeerOf(socket) is { } peer && peer != owner)
                return Unanswered($"user {peer} listens there, not user {owner}: this is no agent to trust");
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(command + "\n"), deadline.Token);
            using var reader = new StreamReader(stream);
            return await reader.ReadLineAsync(deadline.Token) is { } line && Read(line) is { } answer
                ? answer
                : Unanswered("the agent closed the socket without an answer; see its log");
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            return Unanswered("permission denied; ask as the agent's user, as a member of the socket's group, or with sudo");
        }
        catch (SocketException)
        {
            return null; // An agent that was killed leaves its socket behind.
        }
        catch (IOException e)
        {
            return Unanswered($"the agent closed the socket without an answer ({e.Message}); see its log");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Unanswered($"the agent does not answer within {AnswerWithin.TotalSeconds:0} s");
        }

        ControlAnswer Unanswered(string error) => new(Ok: false, Stopped: false, $"{place.Path}: {error}");
    }

    private static ControlAnswer? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ControlAnswerJson.Default.ControlAnswer);
        }
        catch (JsonException)
        {
            return null;
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
