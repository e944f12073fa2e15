using Armada.Domain.Time;

namespace Armada.Domain.Routing;

/// <summary>Frames per second, over the last whole second.</summary>
internal sealed class FrameRate
{
    private Moment? start;
    private int counting;
    private double last;

    public void Count(in Moment now)
    {
        Turn(now);
        counting++;
    }

    public double Read(in Moment now)
    {
        Turn(now);
        return last;
    }

    private void Turn(in Moment now)
    {
        var passed = now.MicrosSince(start ??= now);
        if (passed < Micros.PerSecond)
            return;
        last = passed < 2 * Micros.PerSecond ? counting * (double)Micros.PerSecond / passed : 0;
        counting = 0;
        start = now;
    }
}
