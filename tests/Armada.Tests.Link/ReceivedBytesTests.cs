using System.Buffers;
using System.Text;
using Armada.Mqtt;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Armada.Tests.Link;

/// <summary>Bytes from the socket, however they are cut or broken.</summary>
public sealed class ReceivedBytesTests
{
    [Theory]
    [InlineData(MqttProtocolVersion.V500)]
    [InlineData(MqttProtocolVersion.V311)]
    public void Messages_are_read_as_the_library_wrote_them_however_the_stream_is_cut(MqttProtocolVersion version)
    {
        var chance = new Random(4711);
        for (var round = 0; round < 100; round++)
        {
            var sent = Enumerable.Range(0, 10).Select(_ => AnyMessage(chance)).ToList();
            var stream = sent.SelectMany(message => Encoded(message, version)).ToArray();
            var reader = new PacketReader();
            var received = 0;
            for (var at = 0; at < stream.Length;)
            {
                var room = reader.Room();
                var count = Math.Min(Math.Min(room.Length, stream.Length - at), 1 + chance.Next(chance.Next(1, 100_000)));
                stream.AsMemory(at, count).CopyTo(room);
                reader.Filled(count);
                at += count;
                while (reader.TryTake(out var first, out var body))
                {
                    Assert.Equal((int)MqttControlPacketType.Publish, first >> 4);
                    Assert.True(ReceivedMessage.TryRead(first, body, version is MqttProtocolVersion.V500, out var message));
                    var expected = sent[received++];
                    Assert.Equal(expected.Topic, Encoding.UTF8.GetString(message.Topic));
                    Assert.Equal(expected.PacketIdentifier, message.Id);
                    Assert.Equal(expected.Payload.ToArray(), message.Payload.ToArray());
                }
            }
            Assert.Equal(sent.Count, received);
        }
    }

    [Fact]
    public void Broken_messages_are_refused_and_never_throw()
    {
        var chance = new Random(4712);
        var refused = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var version = round % 2 == 0 ? MqttProtocolVersion.V500 : MqttProtocolVersion.V311;
            var bytes = Encoded(AnyMessage(chance, mostPayload: 40), version);
            if (chance.Next(2) == 0) bytes = bytes[..chance.Next(2, bytes.Length)];
            else bytes[chance.Next(bytes.Length)] = (byte)chance.Next(256);
            if (!ReceivedMessage.TryRead(bytes[0], bytes.AsSpan(2), version is MqttProtocolVersion.V500, out _)) refused++;
        }
        Assert.True(refused > 1000, $"only {refused} of 20000 broken messages were refused");
    }

    [Fact]
    public void Noise_gives_packets_or_a_violation_and_nothing_else()
    {
        var chance = new Random(4713);
        var violations = 0;
        for (var round = 0; round < 2000; round++)
        {
            var reader = new PacketReader();
            try
            {
                for (var i = 0; i < 10; i++)
                {
                    var room = reader.Room()[..chance.Next(1, 200)];
                    chance.NextBytes(room.Span);
                    reader.Filled(room.Length);
                    while (reader.TryTake(out _, out var body)) Assert.True(body.Count <= PacketReader.MostBytes);
                }
            }
            catch (MqttProtocolViolationException)
            {
                violations++;
            }
        }
        Assert.InRange(violations, 1, 1999);
    }

    private static byte[] Encoded(MqttPublishPacket message, MqttProtocolVersion version) =>
        new MqttPacketFormatterAdapter(version, new MqttBufferWriter(256, 65_535)).Encode(message).ToArray();

    private static MqttPublishPacket AnyMessage(Random chance, int mostPayload = 100_000)
    {
        var payload = new byte[chance.Next(4) == 0 ? chance.Next(mostPayload) : chance.Next(Math.Min(100, mostPayload))];
        chance.NextBytes(payload);
        var isControl = chance.Next(2) == 0;
        return new()
        {
            Topic = $"fleet/arm ü {chance.Next(1000)}/{(chance.Next(3) == 0 ? "state" : "cmd")}",
            Payload = new ReadOnlySequence<byte>(payload),
            QualityOfServiceLevel = isControl ? MqttQualityOfServiceLevel.AtLeastOnce : MqttQualityOfServiceLevel.AtMostOnce,
            PacketIdentifier = isControl ? (ushort)chance.Next(1, 65_536) : (ushort)0,
            Retain = chance.Next(2) == 0,
            ContentType = chance.Next(2) == 0 ? "application/json" : null,
            UserProperties = chance.Next(2) == 0 ? [new("color", Encoding.UTF8.GetBytes(new string('x', chance.Next(300))))] : null,
        };
    }
}
