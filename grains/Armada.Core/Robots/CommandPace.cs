using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>How long the motion to a program's goal takes where the program does not say: until the next one comes, so that goals that come
/// evenly are an even motion. A goal after a pause is moved to as fast as may be.</summary>
internal sealed class CommandPace
{
    private const double Weight = 0.2;

    // The motion to one goal has not quite ended when the next one comes a little late.
    private const double Overlap = 1.25;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private Timestamp? last;
    private double? interval;

    public TimeSpan? Next(in Timestamp now)
    {
        var before = last;
        last = now;
        if (before is not { } at || now.IsPast(at, Pause))
            interval = null;
        else if (now.MicrosecondsSince(at) is var passed)
            interval = interval is { } known ? known + (Weight * (passed - known)) : passed;
        return interval is { } micros ? Microseconds.ToTimeSpan((long)(Overlap * micros)) : null;
    }
}
