using Armada.Core.Time;

namespace Armada.Core.Routing;

/// <param name="ByResult">One count per <see cref="FrameResult"/>, in its order.</param>
/// <param name="Lost">Frames missing from the accepted sequence.</param>
[GenerateSerializer, Immutable, Alias("armada.frame.counts")]
public sealed record FrameCounts([Id(0)] ImmutableArray<long> ByResult, [Id(1)] long Lost)
{
    public long this[FrameResult result] => (int)result < ByResult.Length ? ByResult[(int)result] : 0; // An older silo has fewer.
}

public sealed class FrameCounter
{
    private readonly long[] counts = new long[(int)FrameResult.NoControl + 1];

    /// <summary>Returns the result again.</summary>
    public FrameResult Count(FrameResult result)
    {
        counts[(int)result]++;
        return result;
    }

    /// <param name="lost">Frames missing from the accepted sequence.</param>
    public FrameCounts Read(long lost) => new([.. counts], lost);
}

/// <summary>Frames per second, over the last whole second.</summary>
internal sealed class FrameRate
{
    private Timestamp? start;
    private int counting;
    private double last;

    public void Count(in Timestamp now)
    {
        Turn(now);
        counting++;
    }

    public double Read(in Timestamp now)
    {
        Turn(now);
        return last;
    }

    private void Turn(in Timestamp now)
    {
        var passed = now.MicrosecondsSince(start ??= now);
        if (passed < Microseconds.PerSecond)
            return;
        last = passed < 2 * Microseconds.PerSecond ? counting * (double)Microseconds.PerSecond / passed : 0;
        counting = 0;
        start = now;
    }
}
