using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Armada.Mqtt;

/// <summary>Encodes packets one behind the other, so that one write takes them all.</summary>
/// <remarks>Allocates nothing for a message of usual size. Its owner's lock guards it.</remarks>
/// <param name="version">MQTT 5 or 3.1.1.</param>
internal sealed class Batch(MqttProtocolVersion version)
{
    /// <summary>A buffer that one great message has made larger than this is not kept.</summary>
    private const int MostKept = 1024 * 1024;

    /// <summary>Room for a full batch and the message that fills it, so that none but an unusual message makes a buffer grow.</summary>
    private const int FirstSize = Outbox.MostUnwritten + (16 * 1024);

    private readonly MqttPacketFormatterAdapter codec = new(version, new MqttBufferWriter(4096, 65_535));
    private readonly MqttPublishPacket message = new();
    private readonly MqttPubAckPacket acknowledgement = new();
    private byte[] payloadCopy = new byte[1024];
    private byte[] open = GC.AllocateUninitializedArray<byte>(FirstSize);
    private byte[] taken = GC.AllocateUninitializedArray<byte>(FirstSize);

    /// <summary>Bytes that wait to be taken.</summary>
    public int Length { get; private set; }

    /// <summary>Adds any packet.</summary>
    public void Put(MqttPacket packet)
    {
        var encoded = codec.Encode(packet);
        Append(encoded.Packet);
        foreach (var part in encoded.Payload) Append(part.Span);
        codec.Cleanup();
    }

    /// <summary>Adds a message.</summary>
    /// <param name="topic">Where to.</param>
    /// <param name="payload">What.</param>
    /// <param name="id">Zero for QoS 0, else QoS 1.</param>
    /// <param name="retain">Whether the broker keeps it.</param>
    public void PutMessage(string topic, ReadOnlySpan<byte> payload, ushort id, bool retain)
    {
        // The library takes memory, not a span, and only looks at it during the call.
        if (payloadCopy.Length < payload.Length) payloadCopy = new byte[payload.Length];
        payload.CopyTo(payloadCopy);
        message.Topic = topic;
        message.Payload = new(payloadCopy, 0, payload.Length);
        message.PacketIdentifier = id;
        message.QualityOfServiceLevel = id == 0 ? MqttQualityOfServiceLevel.AtMostOnce : MqttQualityOfServiceLevel.AtLeastOnce;
        message.Retain = retain;
        Put(message);
        message.Payload = default;
        if (payloadCopy.Length > MostKept) payloadCopy = new byte[1024];
    }

    /// <summary>Adds the acknowledgement of a received message.</summary>
    public void PutAcknowledgement(ushort id)
    {
        acknowledgement.PacketIdentifier = id;
        Put(acknowledgement);
    }

    /// <summary>Takes all that was put in; the memory is valid until the next call.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        var bytes = open.AsMemory(0, Length);
        (open, taken) = (taken.Length > MostKept ? GC.AllocateUninitializedArray<byte>(FirstSize) : taken, open);
        Length = 0;
        return bytes;
    }

    /// <summary>Forgets what was put in and not taken.</summary>
    public void Clear() => Length = 0;

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (open.Length - Length < bytes.Length) Array.Resize(ref open, Math.Max(open.Length * 2, Length + bytes.Length));
        bytes.CopyTo(open.AsSpan(Length));
        Length += bytes.Length;
    }
}
