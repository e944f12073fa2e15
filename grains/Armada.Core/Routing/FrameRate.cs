using Armada.Core.Time;

namespace Armada.Core.Routing;

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
