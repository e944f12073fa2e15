using Armada.Core.Time;

namespace Armada.Core.Motions;

/// <summary>The path of one joint through a motion: linear between keyframes, still before the first and after the last.</summary>
/// <param name="times">Microseconds, ascending.</param>
/// <param name="values">As many, joint units.</param>
internal sealed class JointPath(long[] times, double[] values)
{
    /// <summary>Microseconds; before it the motion leaves the joint alone.</summary>
    public long Begin => times[0];

    /// <summary>Microseconds.</summary>
    public long End => times[^1];

    public double At(long at)
    {
        var next = UpperBound(at);
        if (next == 0)
            return values[0];
        if (next == times.Length)
            return values[^1];
        var (from, to) = (values[next - 1], values[next]);
        var way = (at - times[next - 1]) / (double)(times[next] - times[next - 1]);
        // A line's rounding error must not leave the limits that both of its ends keep.
        return Math.Clamp(from + ((to - from) * way), Math.Min(from, to), Math.Max(from, to));
    }

    // Index of the first keyframe after a time.
    private int UpperBound(long at)
    {
        var index = Array.BinarySearch(times, at);
        return index >= 0 ? index + 1 : ~index;
    }

    /// <summary>Builds a path from goals in the order of their times; a later goal cuts an earlier move short.</summary>
    /// <param name="velocity">Fastest motion, units per second.</param>
    internal sealed class Builder(double velocity)
    {
        private readonly List<long> times = [];
        private readonly List<double> values = [];

        public void Start(long at, double value) => Add(at, value);

        public bool IsEmpty => values.Count == 0;

        /// <summary>Adds a goal and returns its distance, joint units; the first one without a start is reached at its own time.</summary>
        /// <param name="at">When the move begins, microseconds, not before the last goal's.</param>
        /// <param name="speed">Units per second, or null for the joint's limit.</param>
        /// <param name="duration">Minimum time to take, microseconds.</param>
        public double AddGoal(long at, double value, double? speed, long duration)
        {
            if (IsEmpty)
            {
                Add(at, value);
                return 0;
            }

            var from = Cut(at);
            var way = Math.Abs(value - from);
            if (way > 0)
            {
                var fastest = Math.Min(velocity, speed ?? velocity);
                Add(at + Math.Max(duration, MinTime(way / fastest)), value);
            }

            return way;
        }

        public JointPath ToPath() => new([.. times], [.. values]);

        // Where the joint is at a time, which becomes its last keyframe.
        private double Cut(long at)
        {
            if (at >= times[^1])
            {
                Add(at, values[^1]);
                return values[^1];
            }

            // Times never go back, so only the last motion can be under way.
            var from = new JointPath([times[^2], times[^1]], [values[^2], values[^1]]).At(at);
            times.RemoveAt(times.Count - 1);
            values.RemoveAt(values.Count - 1);
            Add(at, from);
            return from;
        }

        private void Add(long at, double value)
        {
            if (times.Count > 0 && times[^1] == at)
            {
                values[^1] = value;
                return;
            }

            times.Add(at);
            values.Add(value);
        }

        // At most a day, so that a speed close to nothing overflows nothing; no sequence may last that long.
        private static long MinTime(double seconds) => (long)Math.Ceiling(Math.Min(seconds, 24 * 3600) * Microseconds.PerSecond);
    }
}
