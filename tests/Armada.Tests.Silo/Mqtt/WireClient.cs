using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Armada.Testing;
using Armada.Tests.Silo.Identities.Registry;
using Device = Armada.Tests.Silo.Identities.Registry.ThirdParty;

namespace Armada.Tests.Silo.Mqtt;

/// <summary>
/// An MQTT client byte for byte: in 3.1.1 it writes what MicroPython's umqtt.simple does, in as many writes; in 5 the same with what that
/// version adds. Over TLS or in the binary frames of a WebSocket, one for each write.
/// </summary>
internal sealed class WireClient : IAsyncDisposable
{
    public const byte Accepted = 0;
    public const byte Closed = 255; // In place of a code, where the endpoint has closed the connection.

    private const byte ConnAck = 0x20;
    private const byte PubAck = 0x40;
    private const byte SubAck = 0x90;
    private const byte PingAnswer = 0xD0;
    private const byte FirstFailure = 0x80;

    private readonly Stream stream;
    private readonly bool isV5;
    private ushort lastId;

    private WireClient(Stream stream, bool isV5) => (this.stream, this.isV5) = (stream, isV5);

    /// <summary>What it was told on its topics while it waited for something else, and since.</summary>
    public List<string> Heard { get; } = [];

    /// <summary>Opens the transport; null where the certificate is not accepted.</summary>
    /// <param name="rig">The silo.</param>
    /// <param name="device">Whose certificate it shows.</param>
    /// <param name="transport">tls or wss.</param>
    /// <param name="version">311 or 5.</param>
    public static async Task<WireClient?> OpenAsync(OwnRig rig, Device device, string transport, string version)
    {
        using var certificate = device.Files is { } files ? Pair(files) : null;
        try
        {
            return new WireClient(transport == "wss" ? await OpenSocketAsync(rig, certificate) : await OpenTlsAsync(rig, certificate), version == "5");
        }
        catch (Exception refused) when (refused is WebSocketException or IOException or System.Security.Authentication.AuthenticationException)
        {
            return null;
        }
    }

    /// <summary>Connects with a clean session; the code of CONNACK.</summary>
    public async Task<byte> ConnectAsync(string id, string? will = null, string? instance = null, int keepAlive = 30)
    {
        var properties = instance is null ? [] : (byte[])[0x26, .. Text("instance"), .. Text(instance)];
        byte[] head = [4, .. "MQTT"u8, (byte)(isV5 ? 5 : 4), (byte)(will is null ? 2 : 6), (byte)(keepAlive >> 8), (byte)keepAlive];
        byte[] tail = [.. Text(id), .. will is null ? (byte[])[] : [.. Properties(), .. Text(will), .. Text("gone")]];
        byte[] own = isV5 ? [(byte)properties.Length, .. properties] : [];
        await WriteAsync([0x10, .. Length(1 + head.Length + own.Length + tail.Length), 0], head, own, tail);
        return await ReadAsync(ConnAck) is { } answer ? answer[1] : Closed;
    }

    /// <summary>Publishes; at QoS 1 the code of PUBACK, 0 where the version has none.</summary>
    public async Task<byte> PublishAsync(string topic, byte[] payload, int qos = 0, bool isRetained = false)
    {
        var id = qos > 0 ? NextId() : [];
        var header = (byte)(0x30 | (qos << 1) | (isRetained ? 1 : 0));
        var length = Text(topic).Length + id.Length + Properties().Length + payload.Length;
        await WriteAsync([header, .. Length(length)], Text(topic), id, Properties(), payload);
        if (qos == 0)
            return Accepted;
        return await ReadAsync(PubAck) is not { } answer ? Closed : answer.Length > 2 ? answer[2] : Accepted;
    }

    /// <summary>The code of SUBACK.</summary>
    public async Task<byte> SubscribeAsync(string filter, byte qos = 0)
    {
        await WriteAsync([0x82, (byte)(2 + Properties().Length + Text(filter).Length + 1), .. NextId(), .. Properties()], Text(filter), [qos]);
        return await ReadAsync(SubAck) is { } answer ? answer[^1] : Closed;
    }

    /// <summary>Whether the endpoint answers a PINGREQ.</summary>
    public async Task<bool> PingsAsync()
    {
        await WriteAsync([0xC0, 0]);
        return await AnswersPingAsync();
    }

    public async Task<bool> AnswersPingAsync() => await ReadAsync(PingAnswer) is not null;

    /// <summary>Completes when the endpoint has closed the connection.</summary>
    public Task EndsAsync() => ReadAsync(0);

    /// <summary>Waits until it is told this.</summary>
    public async Task HearsAsync(string text)
    {
        while (!Heard.Contains(text))
            Assert.NotNull(await ReadAsync(0x30));
    }

    public async Task SendAsync(byte[] bytes) => await WriteAsync(bytes);

    public static bool IsRefusal(byte code) => code >= FirstFailure;

    public async ValueTask DisposeAsync() => await stream.DisposeAsync();

    private static async Task<Stream> OpenTlsAsync(OwnRig rig, X509Certificate2? certificate)
    {
        var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", rig.Port);
        var tls = new SslStream(socket.GetStream(), leaveInnerStreamOpen: false, (_, shown, _, _) => shown is not null);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
        });
        return tls;
    }

    private static async Task<Stream> OpenSocketAsync(OwnRig rig, X509Certificate2? certificate)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("mqtt");
        socket.Options.RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null;
        if (certificate is not null)
            socket.Options.ClientCertificates.Add(certificate);
        await socket.ConnectAsync(rig.Address("wss"), CancellationToken.None);
        return WebSocketStream.Create(socket, WebSocketMessageType.Binary, ownsWebSocket: true);
    }

    private static X509Certificate2 Pair((string Certificate, string Key) files) => X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);

    private async Task WriteAsync(params byte[][] parts)
    {
        try
        {
            foreach (var part in parts.Where(part => part.Length > 0))
                await stream.WriteAsync(part);
        }
        catch (Exception closed) when (IsEnd(closed))
        {
            Heard.Add($"closed: {closed.Message}"); // The answer that is read next says so too.
        }
    }

    // The body of the next packet of a type, 0 for none; null where the connection ends before.
    private async Task<byte[]?> ReadAsync(byte type)
    {
        try
        {
            while (true)
            {
                var (header, body) = await Eventually.Happens("the endpoint answers", ReadPacketAsync());
                if ((header & 0xF0) == 0x30)
                    Heard.Add(Encoding.UTF8.GetString(PayloadOf(header, body)));
                if ((header & 0xF0) == type)
                    return body;
            }
        }
        catch (Exception closed) when (IsEnd(closed))
        {
            return null;
        }
    }

    private async Task<(byte Header, byte[] Body)> ReadPacketAsync()
    {
        var header = await ReadByteAsync();
        var length = 0;
        for (var (shift, digit) = (0, (byte)0x80); (digit & 0x80) != 0; shift += 7)
        {
            digit = await ReadByteAsync();
            length |= (digit & 0x7F) << shift;
        }

        var body = new byte[length];
        await stream.ReadExactlyAsync(body);
        return (header, body);
    }

    private async Task<byte> ReadByteAsync()
    {
        var one = new byte[1];
        await stream.ReadExactlyAsync(one);
        return one[0];
    }

    private ReadOnlySpan<byte> PayloadOf(byte header, byte[] body)
    {
        var at = 2 + BinaryPrimitives.ReadUInt16BigEndian(body) + ((header & 0x06) != 0 ? 2 : 0);
        return body.AsSpan(isV5 ? at + 1 + body[at] : at);
    }

    private byte[] NextId() => [(byte)(++lastId >> 8), (byte)lastId];

    private byte[] Properties() => isV5 ? [0] : [];

    private static byte[] Text(string text) => [(byte)(text.Length >> 8), (byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    private static IEnumerable<byte> Length(int length)
    {
        for (; length > 0x7F; length >>= 7)
            yield return (byte)((length & 0x7F) | 0x80);
        yield return (byte)length;
    }

    private static bool IsEnd(Exception fault) => fault is IOException or WebSocketException or SocketException or NotSupportedException; // The last of a closed WebSocketStream.
}
