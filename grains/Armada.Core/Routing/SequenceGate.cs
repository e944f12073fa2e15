namespace Armada.Core.Routing;

/// <summary>
/// Lets sequence numbers through that go forward, with wrap-around (serial number arithmetic of RFC 1982), and remembers which of the
/// recent ones came: the copy of a frame that came by another path is told from one that was overtaken.
/// </summary>
public sealed class SequenceGate
{
    /// <summary>Numbers back from the newest that are remembered, a power of two: two seconds at the highest rate of a device.</summary>
    public const int Window = 1024;

    private const int WordBits = 64;

    private readonly ulong[] seen = new ulong[Window / WordBits]; // By the number modulo the window.
    private uint last;
    private bool open;

    /// <summary>Numbers that were skipped since this gate was made.</summary>
    public long Lost { get; private set; }

    /// <summary>Accepted where <paramref name="sequence"/> goes forward, as the first one after a reset does; else Duplicate or OutOfOrder.</summary>
    public FrameResult Pass(uint sequence)
    {
        var step = unchecked((int)(sequence - last));
        if (open && step <= 0)
            return IsRecent(sequence) && !TryMark(sequence) ? FrameResult.Duplicate : FrameResult.OutOfOrder;
        if (!open || step >= Window)
            Array.Clear(seen);
        else
            Forget(step);
        if (open)
            Lost += step - 1;
        (open, last) = (true, sequence);
        TryMark(sequence);
        return FrameResult.Accepted;
    }

    /// <summary>Whether a number is the newest one or at most <see cref="Window"/> before it.</summary>
    public bool IsRecent(uint sequence) => open && unchecked((int)(sequence - last)) is <= 0 and > -Window;

    public void Reset() => open = false;

    private void Forget(int step)
    {
        for (var next = 1; next <= step; next++)
        {
            var (word, bit) = PlaceOf(unchecked(last + (uint)next));
            seen[word] &= ~bit;
        }
    }

    /// <summary>False where it was marked already.</summary>
    private bool TryMark(uint sequence)
    {
        var (word, bit) = PlaceOf(sequence);
        var isNew = (seen[word] & bit) == 0;
        seen[word] |= bit;
        return isNew;
    }

    private static (uint Word, ulong Bit) PlaceOf(uint sequence) =>
        (sequence % Window / WordBits, 1UL << (int)(sequence % WordBits));
}
