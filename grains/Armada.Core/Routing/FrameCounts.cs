using System.Collections.Immutable;

namespace Armada.Core.Routing;

/// <summary>How many frames came, by what became of them.</summary>
/// <param name="ByResult">One count per <see cref="FrameResult"/>, in its order.</param>
/// <param name="Lost">Frames missing from the accepted sequence.</param>
[GenerateSerializer, Immutable, Alias("armada.frame.counts")]
public sealed record FrameCounts([Id(0)] ImmutableArray<long> ByResult, [Id(1)] long Lost)
{
    /// <summary>Frames of one result.</summary>
    public long this[FrameResult result] => ByResult[(int)result];
}

/// <summary>Counts frames by result.</summary>
public sealed class FrameCounter
{
    private readonly long[] counts = new long[(int)FrameResult.Superseded + 1];

    /// <summary>Counts one frame and gives its result back.</summary>
    public FrameResult Count(FrameResult result)
    {
        counts[(int)result]++;
        return result;
    }

    /// <summary>The counts now.</summary>
    /// <param name="lost">Frames missing from the accepted sequence.</param>
    public FrameCounts Read(long lost) => new([.. counts], lost);
}
