using Armada.Core.Frames;

namespace Armada.Tests.Pure.Wire;

public sealed class FrameCodecTests
{
    // Written by hand from the table in the design: state, 2 joints, torque on; 12.34 and -90.00.
    private static readonly byte[] State = Convert.FromHexString(
        "01" + "01" + "02" + "01" + "2A000000" + "40420F0000000000" + "07000000" + "0000" + "0000" + "D204" + "D8DC");

    // Command, 1 joint without a reading, sequence 0xFFFFFFFF, time to live 300 ms.
    private static readonly byte[] Command = Convert.FromHexString(
        "01" + "02" + "01" + "00" + "FFFFFFFF" + "0100000000000000" + "78563412" + "2C01" + "0000" + "0080");

    // State, 1 joint at 1.00, moving, keep-alive and echo: sequence 5, captured at 258, held 1000 µs.
    private static readonly byte[] Echo = Convert.FromHexString(
        "01" + "01" + "01" + "1A" + "03000000" + "FFFFFFFFFFFFFFFF" + "01000000" + "0000" + "0000" + "6400"
        + "05000000" + "0201000000000000" + "E8030000");

    [Fact]
    public void A_state_frame_is_these_bytes()
    {
        var header = new FrameHeader(FrameKind.State, FrameFlags.TorqueOn, 2, 42, 1_000_000, 7, 0);

        Assert.Equal(State, Write(header, [12.34, -90]));
        Assert.Equal(header, Read(State, out var positions, out _));
        Assert.Equal([12.34, -90], positions);
    }

    [Fact]
    public void A_command_frame_is_these_bytes()
    {
        var header = new FrameHeader(FrameKind.Command, FrameFlags.None, 1, uint.MaxValue, 1, 0x12345678, 300);

        Assert.Equal(Command, Write(header, [double.NaN]));
        Assert.Equal(header, Read(Command, out var positions, out _));
        Assert.Equal([double.NaN], positions);
    }

    [Fact]
    public void An_echo_follows_the_positions()
    {
        var header = new FrameHeader(FrameKind.State, FrameFlags.Moving | FrameFlags.KeepAlive | FrameFlags.Echo, 1, 3, -1, 1, 0);
        var echo = new FrameEcho(5, 258, 1000);

        Assert.Equal(Echo, Write(header with { Flags = FrameFlags.Moving | FrameFlags.KeepAlive }, [1], echo));
        Assert.Equal(header, Read(Echo, out _, out var read));
        Assert.Equal(echo, read);
    }

    [Fact]
    public void Frames_of_one_payload_are_read_one_after_the_other()
    {
        ReadOnlySpan<byte> payload = [.. State, .. Echo, .. Command];
        var sequences = new List<uint>();

        while (FrameCodec.TryRead(ref payload, out var frame, out _))
            sequences.Add(frame.Header.Sequence);

        Assert.Equal([42u, 3u, uint.MaxValue], sequences);
        Assert.True(payload.IsEmpty);
    }

    [Theory]
    [InlineData(0, 2, FrameError.UnknownVersion)]
    [InlineData(1, 0, FrameError.UnknownKind)]
    [InlineData(1, 3, FrameError.UnknownKind)]
    [InlineData(2, 0, FrameError.JointCount)]
    [InlineData(2, 33, FrameError.JointCount)]
    [InlineData(2, 3, FrameError.Truncated)]
    [InlineData(3, 64, FrameError.UnknownFlags)]
    [InlineData(3, 17, FrameError.Truncated)]
    [InlineData(22, 1, FrameError.ReservedNotZero)]
    [InlineData(23, 1, FrameError.ReservedNotZero)]
    public void A_wrong_byte_is_named(int offset, byte value, FrameError expected)
    {
        var bytes = State.ToArray();
        bytes[offset] = value;
        ReadOnlySpan<byte> payload = bytes;

        Assert.False(FrameCodec.TryRead(ref payload, out _, out var error));
        Assert.Equal(expected, error);
        Assert.Equal(bytes.Length, payload.Length);
    }

    [Fact]
    public void Every_shorter_payload_is_truncated()
    {
        for (var length = 0; length < Echo.Length; length++)
        {
            ReadOnlySpan<byte> payload = Echo.AsSpan(0, length);

            Assert.False(FrameCodec.TryRead(ref payload, out _, out var error));
            Assert.Equal(FrameError.Truncated, error);
        }
    }

    [Theory]
    [InlineData(0.004, 0)]
    [InlineData(0.006, 1)]
    [InlineData(-0.006, -1)]
    [InlineData(327.67, 32767)]
    [InlineData(1000, 32767)]
    [InlineData(-1000, -32767)]
    [InlineData(double.PositiveInfinity, 32767)]
    [InlineData(double.NegativeInfinity, -32767)]
    [InlineData(double.NaN, -32768)]
    public void Units_become_hundredths(double units, short expected) => Assert.Equal(expected, FrameCodec.ToHundredths(units));

    [Theory]
    [InlineData(0)]
    [InlineData(33)]
    public void A_frame_without_or_with_too_many_joints_is_not_written(int joints) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Write(default, new double[joints]));

    private static byte[] Write(FrameHeader header, double[] positions, FrameEcho? echo = null)
    {
        var bytes = new byte[FrameCodec.MaxSize];
        return bytes[..FrameCodec.Write(bytes, header, positions, echo)];
    }

    private static FrameHeader Read(ReadOnlySpan<byte> bytes, out double[] positions, out FrameEcho echo)
    {
        Assert.True(FrameCodec.TryRead(ref bytes, out var frame, out var error), error.ToString());
        Assert.True(bytes.IsEmpty);
        positions = new double[frame.Header.Joints];
        frame.CopyTo(positions);
        echo = frame.Echo;
        return frame.Header;
    }
}
