using System.Diagnostics;

namespace Armada.Tests.Bus.Emulators;

/// <summary>What several of these tests need.</summary>
internal static class Testing
{
    /// <summary>Asks until it is so; each asking takes its own time.</summary>
    public static void Until(Func<bool> isSo, string otherwise)
    {
        var start = Stopwatch.GetTimestamp();
        while (!isSo())
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10), otherwise);
    }
}

/// <summary>Tests of times and allocations, which run with no other beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
