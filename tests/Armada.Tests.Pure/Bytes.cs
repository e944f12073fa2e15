using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Pure;

/// <summary>Random byte strings, shrunk by leaving parts out: the raw material of every fuzz test and of random histories.</summary>
internal static class Bytes
{
    public static void Check(Func<byte[], bool> property, int longest = 200, int times = 1000) =>
        Prop.ForAll(Arbitrary(longest), property).Check(Config.QuickThrowOnFailure.WithMaxTest(times));

    private static Arbitrary<byte[]> Arbitrary(int longest) =>
        Arb.From(
            Gen.Choose(0, longest).SelectMany(length => Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf(length)), Shrink);

    private static IEnumerable<byte[]> Shrink(byte[] bytes)
    {
        for (var part = bytes.Length; part > 0; part /= 2)
        {
            for (var at = 0; at + part <= bytes.Length; at += part)
                yield return [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at + part)];
        }
    }
}
