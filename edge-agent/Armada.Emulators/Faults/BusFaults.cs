using Armada.Devices.ServoBus;

namespace Armada.Emulators.Faults;

/// <summary>What goes wrong on a bus, on request and at run time. Any thread.</summary>
public sealed class BusFaults
{
    private readonly Lock _gate = new();
    private readonly bool[] _silent = new bool[ServoFrame.MaxId + 1];
    private readonly TimeSpan[] _late = new TimeSpan[ServoFrame.MaxId + 1];
    private readonly Random _random = new(1);
    private double _corruptRate;
    private int _corrupt;
    private int _partial;

    /// <summary>A servo neither hears nor answers, as with its cable loose.</summary>
    /// <param name="id">0 to 253.</param>
    /// <param name="silent">False: it speaks again.</param>
    public void Silence(byte id, bool silent = true)
    {
        lock (_gate)
            _silent[id] = silent;
    }

    /// <summary>
    /// A servo's answers come so much later than they should; what it is asked in the meantime it does not hear. Zero: in time again.
    /// </summary>
    public void Late(byte id, TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        lock (_gate)
            _late[id] = delay;
    }

    /// <summary>The next answers have wrong checksums.</summary>
    public void CorruptNext(int answers)
    {
        lock (_gate)
            _corrupt = answers;
    }

    /// <summary>A part of all answers, 0 to 1, has wrong checksums.</summary>
    public void CorruptRate(double part)
    {
        lock (_gate)
            _corruptRate = part;
    }

    /// <summary>The next sync-read answers break off in the midst of a frame behind the half.</summary>
    public void PartialNext(int answers)
    {
        lock (_gate)
            _partial = answers;
    }

    internal bool IsSilent(byte id)
    {
        lock (_gate)
            return _silent[id];
    }

    internal TimeSpan LateBy(byte id)
    {
        lock (_gate)
            return _late[id];
    }

    internal bool TakeCorrupt()
    {
        lock (_gate)
            return Take(ref _corrupt) || (_corruptRate > 0 && _random.NextDouble() < _corruptRate);
    }

    internal bool TakePartial()
    {
        lock (_gate)
            return Take(ref _partial);
    }

    private static bool Take(ref int left)
    {
        if (left == 0)
            return false;
        left--;
        return true;
    }
}
