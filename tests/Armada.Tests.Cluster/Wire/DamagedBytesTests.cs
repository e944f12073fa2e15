using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Grains.State;
using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Cluster.Wire;

/// <summary>Bytes that no build of ours wrote are a value or an exception, and never a hang or all the memory there is.</summary>
/// <remarks>
/// Orleans takes a text's length at its word and asks for as many bytes before it looks for them, so the lengths of texts are left as
/// they are here. Silos and the store are trusted that far.
/// </remarks>
public sealed class DamagedBytesTests
{
    private const long MostBytesAllocated = 4 << 20;

    private static readonly Action<byte[]>[] Readers =
    [
        bytes => Crossing.Serializer.Deserialize<RobotRequest>(bytes),
        bytes => Crossing.Serializer.Deserialize<RobotReply>(bytes),
        bytes => Crossing.Serializer.Deserialize<RobotState>(bytes),
        bytes => Crossing.Serializer.Deserialize<DeviceState>(bytes),
        bytes => Crossing.Serializer.Deserialize<FleetState>(bytes),
    ];

    private static readonly (Action<byte[]> Read, byte[] Bytes)[] Sound =
    [
        (Readers[0], Crossing.Serializer.SerializeToArray<RobotRequest>(Samples.RemoteCommand)),
        (Readers[0], Crossing.Serializer.SerializeToArray(Samples.Play)),
        (Readers[1], Crossing.Serializer.SerializeToArray(Samples.Reply)),
        (Readers[2], Crossing.Serializer.SerializeToArray(Samples.State)),
        (Readers[3], Crossing.Serializer.SerializeToArray(Samples.Device)),
        (Readers[4], Crossing.Serializer.SerializeToArray(Samples.Fleet)),
    ];

    [Fact]
    public void Any_bytes_are_a_value_or_an_exception_and_the_next_value_comes_whole() =>
        Prop.ForAll(Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf().ToArbitrary(), bytes =>
        {
            foreach (var read in Readers)
                Record.Exception(() => read(bytes));
            return Crossing.Cross(Samples.Device).Claim == Samples.Device.Claim;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));

    [Fact]
    public void One_flipped_bit_makes_a_value_or_an_exception_of_little_memory()
    {
        foreach (var (read, sound) in Sound)
        {
            for (var bit = 0; bit < sound.Length * 8; bit++)
            {
                if (IsLengthOfText(sound, bit / 8))
                    continue;
                var damaged = sound.ToArray();
                damaged[bit / 8] ^= (byte)(1 << (bit % 8));
                var before = GC.GetAllocatedBytesForCurrentThread();
                var fault = Record.Exception(() => read(damaged));
                var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.True(allocated < MostBytesAllocated, $"{allocated} bytes for {Convert.ToHexStringLower(damaged)}: {fault}");
            }
        }
    }

    [Fact]
    public void A_value_that_ends_too_soon_is_an_exception()
    {
        foreach (var (read, sound) in Sound)
        {
            for (var length = 0; length < sound.Length; length++)
                Assert.True(Record.Exception(() => read(sound[..length])) is not null, $"{length} of {sound.Length} bytes were taken for the whole");
        }
    }

    // A short length is one byte, twice the length and one.
    private static bool IsLengthOfText(byte[] bytes, int at)
    {
        var length = bytes[at] >> 1;
        return bytes[at] % 2 == 1 && length > 0 && at + length < bytes.Length
            && !bytes.AsSpan(at + 1, length).ContainsAnyExceptInRange((byte)' ', (byte)'~');
    }
}
