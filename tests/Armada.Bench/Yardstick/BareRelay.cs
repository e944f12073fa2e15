using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Armada.Bench.Load;
using Armada.Core.Topics;

namespace Armada.Bench.Yardstick;

/// <summary>
/// The least that any router behind a broker can cost, as a process: one connection and one thread, which publishes each leader's state as
/// its follower's command, everything that was read at once in one write.
/// </summary>
internal static class BareRelay
{
    private const int BufferSize = 1 << 20;

    /// <summary>Relays until it is killed.</summary>
    /// <param name="port">Of the broker on loopback.</param>
    /// <param name="certificateFile">Its own certificate, PEM; null for no TLS.</param>
    /// <param name="keyFile">Of that.</param>
    public static int Run(int port, string? certificateFile, string? keyFile)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, port);
        Stream stream = new NetworkStream(socket);
        if (certificateFile is not null)
        {
            var secure = new SslStream(stream, leaveInnerStreamOpen: false, (_, _, _, _) => true);
            secure.AuthenticateAsClient("localhost", [X509Certificate2.CreateFromPemFile(certificateFile, keyFile)], checkCertificateRevocation: false);
            stream = secure;
        }

        stream.Write(MqttBytes.ConnectAs("bench-relay"));
        stream.Write(MqttBytes.SubscribeTo((new TopicMap().Every(Channel.State), 0)));
        Console.WriteLine("relaying");
        var (incoming, outgoing) = (new byte[BufferSize], new byte[2 * BufferSize]);
        var commands = new CommandTopics();
        for (var held = 0; ;)
        {
            var read = stream.Read(incoming, held, incoming.Length - held);
            if (read == 0)
                return 0;
            held += read;
            ReadOnlySpan<byte> bytes = incoming.AsSpan(0, held);
            var written = 0;
            while (MqttBytes.TryTake(ref bytes, out var header, out var body))
            {
                if (header == MqttBytes.Publish
                    && MqttBytes.PayloadOf(header, body, out var topic, out _) is var payload
                    && commands.Of(topic) is { } command)
                    written += MqttBytes.WritePublish(outgoing.AsSpan(written), command, payload);
            }

            held = bytes.Length;
            bytes.CopyTo(incoming);
            if (written > 0)
                stream.Write(outgoing, 0, written);
        }
    }
}

/// <summary>The topic on which a leader's follower is commanded, found without allocating.</summary>
internal sealed class CommandTopics
{
    private readonly Dictionary<string, byte[]?> known = [];
    private readonly Dictionary<string, byte[]?>.AlternateLookup<ReadOnlySpan<char>> lookup;

    public CommandTopics() => lookup = known.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Null where the topic is no leader's state.</summary>
    public byte[]? Of(ReadOnlySpan<byte> state)
    {
        Span<char> text = stackalloc char[state.Length];
        Encoding.ASCII.GetChars(state, text);
        if (lookup.TryGetValue(text, out var command))
            return command;
        var name = text.ToString();
        command = name.Contains("bench-leader-", StringComparison.Ordinal) && name.EndsWith("/state", StringComparison.Ordinal)
            ? Encoding.ASCII.GetBytes(name.Replace("leader", "follower", StringComparison.Ordinal)[..^"state".Length] + "cmd")
            : null;
        known[name] = command;
        return command;
    }
}
