using Armada.Core.Time;

namespace Armada.Core.Routing;

/// <summary>
/// Moves a pose towards a target no faster than each joint may go. Time not used is saved, up to the longest step: samples that
/// come in a burst are followed as well as evenly spaced ones, and a pause is no license for a jump.
/// </summary>
/// <param name="longestStep">Over any span t a joint moves at most velocity × (t + this).</param>
public sealed class VelocityClamp(TimeSpan longestStep)
{
    private long longest = Microseconds.Of(longestStep);
    private long saved;
    private Timestamp last;

    /// <summary>See the constructor's.</summary>
    public TimeSpan LongestStep
    {
        set => longest = Microseconds.Of(value);
    }

    /// <summary>Begins at <paramref name="now"/>.</summary>
    /// <param name="unused">Time that is saved for the next step; more than the longest step is lost after it.</param>
    public void Start(in Timestamp now, TimeSpan unused = default)
    {
        saved = Microseconds.Of(unused);
        last = now;
    }

    /// <param name="pose">Moved in place; an unknown position, NaN, stays.</param>
    /// <param name="target">NaN leaves the joint where it is.</param>
    /// <param name="velocities">Maximum, units per second.</param>
    public void Step(Span<double> pose, ReadOnlySpan<double> target, ReadOnlySpan<double> velocities, in Timestamp now)
    {
        saved = Math.Clamp(saved + now.MicrosecondsSince(last), 0, Math.Max(saved, longest));
        last = now;
        var seconds = saved / (double)Microseconds.PerSecond;
        var used = 0.0;
        for (var joint = 0; joint < pose.Length; joint++)
        {
            var way = target[joint] - pose[joint];
            if (double.IsNaN(way))
                continue;
            var most = velocities[joint] * seconds;
            if (Math.Abs(way) <= most)
            {
                pose[joint] = target[joint];
                used = Math.Max(used, Math.Abs(way) / velocities[joint]);
            }
            else
            {
                pose[joint] += Math.CopySign(most, way);
                used = seconds;
            }
        }

        saved = Math.Min(saved - (long)Math.Ceiling(used * Microseconds.PerSecond), longest); // What Start gave is for one step.
    }
}
