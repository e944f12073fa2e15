using System.Buffers.Binary;
using System.Text;

namespace Armada.Bench.Load;

/// <summary>MQTT 3.1.1 as bytes: what the load, the relay and the floor speak, so that no client library is measured.</summary>
internal static class MqttBytes
{
    public const byte Connect = 0x10;
    public const byte Publish = 0x30;
    public const byte PublishAtLeastOnce = 0x32;
    public const byte Subscribe = 0x82;

    public static readonly byte[] ConnectAccepted = [0x20, 2, 0, 0];
    public static readonly byte[] Disconnect = [0xE0, 0];

    private const ushort KeepAliveSeconds = 60;

    /// <summary>CONNECT with a clean session.</summary>
    public static byte[] ConnectAs(string client) =>
        Packet(Connect, [0, 4, .. "MQTT"u8, 4, 2, KeepAliveSeconds >> 8, KeepAliveSeconds & 0xFF, .. Text(client)]);

    /// <summary>SUBSCRIBE with packet id 1.</summary>
    public static byte[] SubscribeTo(params (string Filter, byte Quality)[] filters) =>
        Packet(Subscribe, [0, 1, .. filters.SelectMany(filter => (byte[])[.. Text(filter.Filter), filter.Quality])]);

    /// <summary>SUBACK that grants QoS 0.</summary>
    public static byte[] Granted(ReadOnlySpan<byte> subscribe) => [0x90, 3, subscribe[0], subscribe[1], 0];

    public static byte[] Acknowledged(ushort packet) => [0x40, 2, (byte)(packet >> 8), (byte)packet];

    /// <summary>Writes PUBLISH of QoS 0 and returns its length.</summary>
    public static int WritePublish(Span<byte> into, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        var length = 2 + topic.Length + payload.Length;
        into[0] = Publish;
        var at = WriteLength(into, 1, length);
        BinaryPrimitives.WriteUInt16BigEndian(into[at..], (ushort)topic.Length);
        topic.CopyTo(into[(at + 2)..]);
        payload.CopyTo(into[(at + 2 + topic.Length)..]);
        return at + length;
    }

    /// <summary>Takes the first packet; false where it is not whole yet.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> bytes, out byte header, out ReadOnlySpan<byte> body)
    {
        header = 0;
        body = default;
        int length = 0, at = 1;
        for (var shift = 0; ; shift += 7)
        {
            if (at >= bytes.Length)
                return false;
            var digit = bytes[at++];
            length |= (digit & 0x7F) << shift;
            if ((digit & 0x80) == 0)
                break;
        }

        if (bytes.Length - at < length)
            return false;
        header = bytes[0];
        body = bytes.Slice(at, length);
        bytes = bytes[(at + length)..];
        return true;
    }

    /// <summary>Splits the body of a PUBLISH; the packet id is 0 at QoS 0.</summary>
    public static ReadOnlySpan<byte> PayloadOf(byte header, ReadOnlySpan<byte> body, out ReadOnlySpan<byte> topic, out ushort packet)
    {
        var length = BinaryPrimitives.ReadUInt16BigEndian(body);
        topic = body.Slice(2, length);
        var rest = body[(2 + length)..];
        packet = 0;
        if ((header & 0x06) == 0)
            return rest;
        packet = BinaryPrimitives.ReadUInt16BigEndian(rest);
        return rest[2..];
    }

    private static byte[] Packet(byte header, byte[] body)
    {
        var packet = new byte[body.Length + 5];
        packet[0] = header;
        var at = WriteLength(packet, 1, body.Length);
        body.CopyTo(packet, at);
        return packet[..(at + body.Length)];
    }

    private static int WriteLength(Span<byte> into, int at, int length)
    {
        for (; length >= 0x80; length >>= 7)
            into[at++] = (byte)((length & 0x7F) | 0x80);
        into[at++] = (byte)length;
        return at;
    }

    private static byte[] Text(string text) => [(byte)(text.Length >> 8), (byte)text.Length, .. Encoding.ASCII.GetBytes(text)];
}
