using System.Text;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Topics;
using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Pure.Wire;

/// <summary>Whatever bytes come, a parser answers; and what a writer wrote, its parser reads.</summary>
public sealed class ParserProperties
{
    private static readonly TopicMap Topics = new();

    [Fact]
    public void Any_bytes_are_frames_or_an_error() => Bytes.Check(bytes =>
    {
        ReadOnlySpan<byte> payload = bytes;
        Span<double> positions = stackalloc double[FrameCodec.MaxJoints];
        while (true)
        {
            var before = payload.Length;
            if (!FrameCodec.TryRead(ref payload, out var frame, out var error))
                return error != FrameError.None && payload.Length == before;
            frame.CopyTo(positions);
            if (error != FrameError.None || payload.Length >= before)
                return false;
        }
    });

    [Fact]
    public void A_damaged_frame_is_a_frame_or_an_error() => Bytes.Check(bytes =>
    {
        Span<byte> payload = stackalloc byte[FrameCodec.MaxSize];
        var length = FrameCodec.Write(payload, new FrameHeader(FrameKind.State, default, 6, 1, 2, 3, 4), new double[6], default(FrameEcho));
        for (var at = 0; at + 1 < bytes.Length; at += 2)
            payload[bytes[at] % length] = bytes[at + 1];
        ReadOnlySpan<byte> damaged = payload[..length];
        var read = FrameCodec.TryRead(ref damaged, out var frame, out var error);
        return read == (error == FrameError.None) && (!read || frame.Header.Joints is > 0 and <= FrameCodec.MaxJoints);
    });

    [Fact]
    public void What_was_written_is_read() =>
        Prop.ForAll<int, long, uint>((shape, time, number) =>
        {
            var positions = new double[1 + (shape & int.MaxValue) % FrameCodec.MaxJoints];
            for (var joint = 0; joint < positions.Length; joint++)
                positions[joint] = unchecked((short)((shape * 31) + (joint * 7919))) / 100.0;
            FrameEcho? echo = shape % 2 == 0 ? new FrameEcho(number, time, number) : null;
            var header = new FrameHeader(
                FrameKind.Command, echo is null ? 0 : FrameFlags.Echo, positions.Length, number, time, ~number, (ushort)number);
            var bytes = new byte[FrameCodec.MaxSize];
            ReadOnlySpan<byte> payload = bytes.AsSpan(0, FrameCodec.Write(bytes, header, positions, echo));

            Assert.Equal(FrameCodec.SizeOf(positions.Length, echo is not null), payload.Length);
            Assert.True(FrameCodec.TryRead(ref payload, out var frame, out _));
            Assert.Equal(header, frame.Header);
            Assert.Equal(echo, frame.HasEcho ? frame.Echo : null);
            for (var joint = 0; joint < positions.Length; joint++)
                Assert.Equal(FrameCodec.ToHundredths(positions[joint]), frame[joint]);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_bytes_are_a_topic_or_none() => Bytes.Check(bytes =>
    {
        byte[] topic = [.. "armada/v1/"u8, .. bytes];
        return Topics.TryParse(topic, out var device, out var channel)
            ? Topics.Of(Encoding.UTF8.GetString(device), channel).Length > 0
            : channel == Channel.None;
    });

    [Fact]
    public void Any_bytes_are_a_control_message_or_none() => Bytes.Check(bytes =>
    {
        var json = Damage(ControlJson.Write(new ControlMessage("42", ControlOp.StreamStart, 7, 100)), bytes);
        return ControlJson.ReadMessage(bytes) is null or { Id.Length: > 0 }
            && ControlJson.ReadMessage(json) is null or { Id.Length: > 0 }
            && ControlJson.ReadReply(json) is null or { Id.Length: > 0 };
    });

    [Fact]
    public void Any_bytes_are_a_presence_or_none() => Bytes.Check(bytes =>
    {
        var presence = new Presence(true, "so101-leader", Joints: ["a"], Temperatures: [30.5], Counters: new Dictionary<string, long> { ["t"] = 1 });
        return ControlJson.ReadPresence(Damage(ControlJson.Write(presence), bytes)) is null or { Joints: null or [not null, ..] or [] };
    });

    private static byte[] Damage(byte[] json, byte[] by)
    {
        for (var at = 0; at + 1 < by.Length && at < 6; at += 2)
            json[by[at] % json.Length] = by[at + 1];
        return json;
    }
}
