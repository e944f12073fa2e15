using System.Buffers.Binary;

namespace Armada.Mqtt;

/// <summary>A PUBLISH packet, read where it stands in the socket's buffer.</summary>
/// <remarks>The library's own decoder copies the payload and makes a string of the topic, for each message.</remarks>
internal readonly ref struct ReceivedMessage
{
    private ReceivedMessage(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, ushort id)
    {
        Topic = topic;
        Payload = payload;
        Id = id;
    }

    /// <summary>UTF-8.</summary>
    public ReadOnlySpan<byte> Topic { get; }

    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Zero with QoS 0; else to be acknowledged.</summary>
    public ushort Id { get; }

    /// <summary>Reads it (MQTT 5.0, section 3.3); false where it is malformed, or of QoS 2, which nobody asked for.</summary>
    /// <param name="first">The packet's first byte.</param>
    /// <param name="body">What follows its length.</param>
    /// <param name="hasProperties">Whether it is MQTT 5.</param>
    /// <param name="message">What was read, views into <paramref name="body"/>.</param>
    public static bool TryRead(byte first, ReadOnlySpan<byte> body, bool hasProperties, out ReceivedMessage message)
    {
        message = default;
        var qos = (first >> 1) & 3;
        if (qos > 1 || !BinaryPrimitives.TryReadUInt16BigEndian(body, out var length) || body.Length < 2 + length) return false;
        var topic = body.Slice(2, length);
        var rest = body[(2 + length)..];
        ushort id = 0;
        if (qos == 1)
        {
            if (!BinaryPrimitives.TryReadUInt16BigEndian(rest, out id) || id == 0) return false;
            rest = rest[2..];
        }
        if (hasProperties && !TrySkipProperties(ref rest)) return false;
        message = new(topic, rest, id);
        return true;
    }

    // None of them matters here: topic aliases come only to who allows them, and nobody asks for subscription ids.
    private static bool TrySkipProperties(ref ReadOnlySpan<byte> rest)
    {
        var length = 0;
        for (var at = 0; at < 4 && at < rest.Length; at++)
        {
            length |= (rest[at] & 0x7F) << (7 * at);
            if ((rest[at] & 0x80) != 0) continue;
            if (rest.Length - at - 1 < length) return false;
            rest = rest[(at + 1 + length)..];
            return true;
        }
        return false;
    }
}
