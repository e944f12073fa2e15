using Armada.Devices.ServoBus;
using static Armada.Tests.Bus.Codec.ReferenceVectors;

namespace Armada.Tests.Bus.Codec;

public class ServoFrameTests
{
    private readonly byte[] buffer = new byte[ServoFrame.MaxSize];

    [Theory]
    [MemberData(nameof(Instructions), MemberType = typeof(ReferenceVectors))]
    public void An_instruction_is_written_byte_for_byte(string frame, byte id, Instruction instruction, string parameters)
    {
        var size = ServoFrame.Instruct(buffer, id, instruction, Bytes(parameters));
        Assert.Equal(Bytes(frame), buffer[..size]);
    }

    [Theory]
    [MemberData(nameof(Instructions), MemberType = typeof(ReferenceVectors))]
    public void An_instruction_is_read_byte_for_byte(string frame, byte id, Instruction instruction, string parameters)
    {
        ReadOnlySpan<byte> input = Bytes(frame);
        var parser = new InstructionParser();
        Assert.True(parser.TryRead(ref input, out var read));
        Assert.Equal((id, instruction), (read.Id, read.Instruction));
        Assert.Equal(Bytes(parameters), read.Parameters);
    }

    [Theory]
    [MemberData(nameof(Statuses), MemberType = typeof(ReferenceVectors))]
    public void A_status_is_written_byte_for_byte(string frame, byte id, ServoErrors errors, string data)
    {
        var size = ServoFrame.Status(buffer, id, errors, Bytes(data));
        Assert.Equal(Bytes(frame), buffer[..size]);
    }

    [Theory]
    [MemberData(nameof(Statuses), MemberType = typeof(ReferenceVectors))]
    public void A_status_is_read_byte_for_byte(string frame, byte id, ServoErrors errors, string data)
    {
        ReadOnlySpan<byte> input = Bytes(frame);
        var parser = new StatusParser();
        Assert.True(parser.TryRead(ref input, out var read));
        Assert.Equal((id, errors), (read.Id, read.Errors));
        Assert.Equal(Bytes(data), read.Data);
    }

    [Fact]
    public void Each_named_instruction_has_its_form()
    {
        byte[] six = [1, 2, 3, 4, 5, 6];
        AssertWritten("FF FF 01 02 01 FB", ServoFrame.Ping(buffer, 1));
        AssertWritten("FF FF 01 04 02 38 02 BE", ServoFrame.Read(buffer, 1, 56, 2));
        AssertWritten("FF FF 01 05 03 2A 00 08 C4", ServoFrame.Write(buffer, 1, 42, [0, 8]));
        AssertWritten("FF FF 01 05 04 2A 00 08 C3", ServoFrame.RegWrite(buffer, 1, 42, [0, 8]));
        AssertWritten("FF FF FE 02 05 FA", ServoFrame.Action(buffer));
        AssertWritten("FF FF FE 0A 82 38 02 01 02 03 04 05 06 26", ServoFrame.SyncRead(buffer, 56, 2, six));
        AssertWritten(
            "FF FF FE 10 83 28 01 01 00 02 00 03 00 04 00 05 00 06 00 30",
            ServoFrame.SyncWrite(buffer, 40, 1, six, stackalloc byte[6]));
    }

    [Fact]
    public void What_cannot_be_a_frame_is_refused_before_a_byte_is_sent()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ServoFrame.Ping(buffer, 255));
        Assert.Throws<ArgumentOutOfRangeException>(() => ServoFrame.SyncRead(buffer, 56, 2, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => ServoFrame.SyncRead(buffer, 56, 2, [254]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ServoFrame.SyncWrite(buffer, 42, 2, [1, 2], [0, 8]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ServoFrame.Write(buffer, 1, 0, new byte[244]));
        Assert.Equal(ServoFrame.MaxSize, ServoFrame.Write(buffer, 1, 0, new byte[243]));
    }

    private void AssertWritten(string frame, int size) => Assert.Equal(Bytes(frame), buffer[..size]);
}
