using Armada.Devices.ServoBus;
using FsCheck;
using FsCheck.Fluent;
using static Armada.Tests.Bus.Codec.ReferenceVectors;

namespace Armada.Tests.Bus.Codec;

public class ResynchronizationTests
{
    private const string SixPositions =
        "FF FF 01 04 00 00 08 F2 FF FF 02 04 00 00 04 F5 FF FF 03 04 00 00 0C EC " +
        "FF FF 04 04 00 FF 07 F1 FF FF 05 04 00 C4 09 29 FF FF 06 04 00 DC 05 14";

    private readonly StatusParser parser = new();

    [Fact]
    public void A_stream_may_be_split_anywhere()
    {
        var stream = Bytes(SixPositions);
        for (var split = 0; split <= stream.Length; split++)
            Assert.Equal([1, 2, 3, 4, 5, 6], [.. Feed(parser, stream[..split]), .. Feed(parser, stream[split..])]);
        Assert.Equal(0, parser.Skipped);
    }

    [Fact]
    public void A_stream_may_come_byte_by_byte() =>
        Assert.Equal([1, 2, 3, 4, 5, 6], Bytes(SixPositions).SelectMany(b => Feed(parser, [b])));

    [Fact]
    public void A_wrong_checksum_is_refused_and_counted()
    {
        Assert.Empty(Feed(parser, Bytes("FF FF 01 04 00 00 08 F3")));
        Assert.Equal((1, 8), (parser.Corrupt, parser.Skipped));
    }

    [Theory]
    [InlineData("00 11 FF 22")]
    [InlineData("FF")]
    [InlineData("FF FF")]
    [InlineData("FF FF FF FF FF")]
    [InlineData("FF FF FE 02 00 FF")]
    [InlineData("FF FF 01 FB")]
    [InlineData("FF FF 01 01")]
    [InlineData("FF FF 01 02 80")]
    [InlineData("FF FF 01 04 00 00 08 F3")]
    [InlineData("FF FF 01 04 00 00")]
    public void A_frame_is_found_behind_garbage(string garbage)
    {
        parser.Reset(2);
        Assert.Equal([6], Feed(parser, [.. Bytes(garbage), .. Bytes("FF FF 06 04 00 DC 05 14 00 00")]));
    }

    [Fact]
    public void A_length_over_the_expected_one_swallows_nothing()
    {
        parser.Reset(2);
        Assert.Equal([2], Feed(parser, Bytes("FF FF 01 44 00 00 08 F2 FF FF 02 04 00 00 04 F5")));
    }

    [Fact]
    public void Frames_swallowed_by_a_corrupted_length_are_found_when_the_wait_is_over()
    {
        Assert.Empty(Feed(parser, Bytes("FF FF 01 44 00 00 08 F2 FF FF 02 04 00 00 04 F5 FF FF 03 04 00 00 0C EC")));
        Assert.True(parser.TryReadBehindPartial(out var second));
        Assert.Equal(2, second.Id);
        Assert.True(parser.TryReadBehindPartial(out var third));
        Assert.Equal(3, third.Id);
        Assert.False(parser.TryReadBehindPartial(out _));
    }

    [Fact]
    public void No_bytes_whatever_throw_or_allocate_or_break_the_next_frame()
    {
        var instructions = new InstructionParser();
        Prop.ForAll<byte[]>(noise =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            ReadOnlySpan<byte> input = noise;
            while (parser.TryRead(ref input, out _))
            {
            }

            input = noise;
            while (instructions.TryRead(ref input, out _))
            {
            }

            while (parser.TryReadBehindPartial(out _))
            {
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            instructions.Reset();
            parser.Reset();
            return allocated == 0 && Feed(parser, Bytes(SixPositions)).SequenceEqual<byte>([1, 2, 3, 4, 5, 6]);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_flipped_bit_never_changes_another_servos_answer()
    {
        var clean = Bytes(SixPositions);
        for (var bit = 0; bit < clean.Length * 8; bit++)
        {
            var flipped = clean.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            var hit = (byte)(1 + bit / 64);
            parser.Reset(2);
            Assert.Equal(Enumerable.Range(1, 6).Select(i => (byte)i).Where(i => i != hit), Feed(parser, flipped).Concat(Rest()));
        }
    }

    private List<byte> Rest()
    {
        var ids = new List<byte>();
        while (parser.TryReadBehindPartial(out var frame))
            ids.Add(frame.Id);
        return ids;
    }

    private static List<byte> Feed(StatusParser parser, byte[] bytes)
    {
        var ids = new List<byte>();
        ReadOnlySpan<byte> input = bytes;
        while (parser.TryRead(ref input, out var frame))
            ids.Add(frame.Id);
        Assert.True(input.IsEmpty);
        return ids;
    }
}
