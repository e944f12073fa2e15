namespace Armada.Core.Routing;

/// <summary>Lets sequence numbers through that go forward, with wrap-around (serial number arithmetic of RFC 1982).</summary>
public sealed class SequenceGate
{
    private uint last;
    private bool open;

    /// <summary>Numbers that were skipped since this gate was made.</summary>
    public long Lost { get; private set; }

    /// <summary>Whether <paramref name="sequence"/> goes forward; the first one after a reset always does.</summary>
    public bool TryPass(uint sequence)
    {
        var step = unchecked((int)(sequence - last));
        if (open && step <= 0)
            return false;
        if (open)
            Lost += step - 1;
        open = true;
        last = sequence;
        return true;
    }

    public void Reset() => open = false;
}
