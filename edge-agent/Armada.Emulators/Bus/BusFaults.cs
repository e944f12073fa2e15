namespace Armada.Emulators.Bus;

/// <summary>What goes wrong on a bus, on request and at run time. Any thread.</summary>
public sealed class BusFaults
{
    private readonly Lock gate = new();
    private readonly bool[] silent = new bool[ServoFrame.MaxId + 1];
    private readonly int[] misread = new int[ServoFrame.MaxId + 1];
    private readonly TimeSpan[] late = new TimeSpan[ServoFrame.MaxId + 1];
    private readonly Random random = new(1);
    private double corruptRate;
    private int corrupt;
    private int partial;

    /// <summary>A servo neither hears nor answers, as with its cable loose.</summary>
    /// <param name="id">0 to 253.</param>
    /// <param name="silent">False: it speaks again.</param>
    public void Silence(byte id, bool silent = true)
    {
        lock (gate)
            this.silent[id] = silent;
    }

    /// <summary>A servo's answers come so much later than they should; what it is asked in the meantime it does not hear. Zero: in time
    /// again.</summary>
    public void Late(byte id, TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        lock (gate)
            late[id] = delay;
    }

    /// <summary>A servo's next answers to position reads say 0.</summary>
    public void MisreadNext(byte id, int answers)
    {
        lock (gate)
            misread[id] = answers;
    }

    public void CorruptNext(int answers)
    {
        lock (gate)
            corrupt = answers;
    }

    /// <summary>A part of all answers, 0 to 1, has wrong checksums.</summary>
    public void CorruptRate(double part)
    {
        lock (gate)
            corruptRate = part;
    }

    /// <summary>The next sync-read answers break off in the midst of a frame behind the half.</summary>
    public void PartialNext(int answers)
    {
        lock (gate)
            partial = answers;
    }

    internal bool IsSilent(byte id)
    {
        lock (gate)
            return silent[id];
    }

    internal TimeSpan LateBy(byte id)
    {
        lock (gate)
            return late[id];
    }

    internal bool TakeMisread(byte id)
    {
        lock (gate)
            return Take(ref misread[id]);
    }

    internal bool TakeCorrupt()
    {
        lock (gate)
            return Take(ref corrupt) || (corruptRate > 0 && random.NextDouble() < corruptRate);
    }

    internal bool TakePartial()
    {
        lock (gate)
            return Take(ref partial);
    }

    private static bool Take(ref int left)
    {
        if (left == 0)
            return false;
        left--;
        return true;
    }
}
