namespace Armada.Up.Measure;

/// <summary>The newest poses of one arm, oldest first; a bounded ring.</summary>
internal sealed class Track(int joints, int capacity)
{
    private readonly long[] times = new long[capacity];
    private readonly double[] positions = new double[capacity * joints];
    private long next;

    /// <summary>Joints per pose.</summary>
    public int Joints => joints;

    /// <summary>Poses held.</summary>
    public int Count => (int)Math.Min(next, capacity);

    /// <summary>Adds a pose; one that is not newer than the last is left out.</summary>
    public void Add(long micros, ReadOnlySpan<double> pose)
    {
        if (Count > 0 && micros <= TimeAt(Count - 1))
            return;
        var slot = (int)(next++ % capacity);
        times[slot] = micros;
        pose[..joints].CopyTo(positions.AsSpan(slot * joints));
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => next = 0;

    /// <summary>Time of capture of pose i, Unix microseconds.</summary>
    public long TimeAt(int i) => times[Slot(i)];

    /// <summary>Pose i.</summary>
    public ReadOnlySpan<double> PoseAt(int i) => positions.AsSpan(Slot(i) * joints, joints);

    /// <summary>The pose at a time between two held ones, linearly; false outside.</summary>
    public bool TryInterpolate(long micros, Span<double> pose)
    {
        int low = 0, high = Count - 1;
        if (high < 1 || micros < TimeAt(low) || micros > TimeAt(high))
            return false;
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            if (TimeAt(middle) <= micros)
                low = middle;
            else
                high = middle;
        }

        var share = (micros - TimeAt(low)) / (double)(TimeAt(high) - TimeAt(low));
        ReadOnlySpan<double> before = PoseAt(low), after = PoseAt(high);
        for (var joint = 0; joint < joints; joint++)
            pose[joint] = before[joint] + share * (after[joint] - before[joint]);
        return true;
    }

    private int Slot(int i) => (int)((next - Count + i) % capacity);
}
