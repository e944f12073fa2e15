namespace Armada.Up;

/// <summary>The newest poses of one arm, oldest first, in a bounded ring.</summary>
internal sealed class PoseHistory(int joints, int capacity)
{
    private readonly long[] times = new long[capacity];
    private readonly double[] positions = new double[capacity * joints];
    private long next;

    public int Joints => joints;

    public int Count => (int)Math.Min(next, capacity);

    /// <param name="capturedAt">Unix microseconds.</param>
    /// <param name="pose">One position per joint.</param>
    public void Add(long capturedAt, ReadOnlySpan<double> pose)
    {
        if (Count > 0 && capturedAt <= TimeAt(Count - 1))
            return;
        var slot = (int)(next++ % capacity);
        times[slot] = capturedAt;
        pose[..joints].CopyTo(positions.AsSpan(slot * joints));
    }

    public void Clear() => next = 0;

    /// <summary>Capture time of pose i, Unix microseconds.</summary>
    public long TimeAt(int i) => times[Slot(i)];

    public ReadOnlySpan<double> PoseAt(int i) => positions.AsSpan(Slot(i) * joints, joints);

    /// <summary>The pose at a time, interpolated linearly; false outside of what is held.</summary>
    public bool TryInterpolate(long time, Span<double> pose)
    {
        int low = 0, high = Count - 1;
        if (high < 1 || time < TimeAt(low) || time > TimeAt(high))
            return false;
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            if (TimeAt(middle) <= time)
                low = middle;
            else
                high = middle;
        }

        var share = (time - TimeAt(low)) / (double)(TimeAt(high) - TimeAt(low));
        ReadOnlySpan<double> before = PoseAt(low), after = PoseAt(high);
        for (var joint = 0; joint < joints; joint++)
            pose[joint] = before[joint] + (share * (after[joint] - before[joint]));
        return true;
    }

    private int Slot(int i) => (int)((next - Count + i) % capacity);
}

/// <summary>How far a follower is from where its leader was one lag earlier.</summary>
internal static class TrackingError
{
    private const long LagStepMicroseconds = 2_000;
    private const long MaxLagMicroseconds = 400_000;

    /// <summary>Finds the lag that fits best and measures what error is left: per follower pose, the degrees of the worst body joint.</summary>
    /// <param name="bodyJoints">Joints measured in degrees; those after them (the gripper, in percent) are left out.</param>
    public static Percentiles Of(PoseHistory leader, PoseHistory follower, int bodyJoints)
    {
        var best = Errors(leader, follower, bodyJoints, 0);
        for (var lag = LagStepMicroseconds; lag <= MaxLagMicroseconds; lag += LagStepMicroseconds)
        {
            var errors = Errors(leader, follower, bodyJoints, lag);
            if (errors.Count > 0 && MeanSquare(errors) < MeanSquare(best))
                best = errors;
        }

        return new Percentiles(best);
    }

    private static List<double> Errors(PoseHistory leader, PoseHistory follower, int bodyJoints, long lag)
    {
        var errors = new List<double>(follower.Count);
        Span<double> pose = stackalloc double[leader.Joints];
        for (var i = 0; i < follower.Count; i++)
        {
            if (!leader.TryInterpolate(follower.TimeAt(i) - lag, pose))
                continue;
            var worst = 0.0;
            var real = follower.PoseAt(i);
            for (var joint = 0; joint < bodyJoints; joint++)
                worst = Math.Max(worst, Math.Abs(real[joint] - pose[joint]));
            errors.Add(worst);
        }

        return errors;
    }

    private static double MeanSquare(List<double> errors) =>
        errors.Count == 0 ? double.PositiveInfinity : errors.Sum(error => error * error) / errors.Count;
}

/// <summary>Order statistics of a list of figures.</summary>
internal sealed class Percentiles
{
    private readonly double[] sorted;

    public Percentiles(IEnumerable<double> figures)
    {
        sorted = [.. figures];
        Array.Sort(sorted);
    }

    /// <summary>The nearest-rank percentile; NaN where there are no figures.</summary>
    /// <param name="share">0 to 1.</param>
    public double At(double share) =>
        sorted.Length == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
}
