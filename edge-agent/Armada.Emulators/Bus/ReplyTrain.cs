using Armada.Devices.ServoBus;

namespace Armada.Emulators.Bus;

/// <summary>The answers to one instruction, one behind the other, and the time they take on the wire.</summary>
internal sealed class ReplyTrain
{
    private readonly byte[] bytes = new byte[64 * 1024];
    private int length;

    /// <summary>Time of one byte at 1 Mbit/s, 8N1.</summary>
    public const int MicrosecondsPerByte = 10;

    /// <summary>All bytes so far.</summary>
    public ReadOnlySpan<byte> Bytes => bytes.AsSpan(0, length);

    /// <summary>From the end of the instruction to the end of the last answer.</summary>
    public int Microseconds { get; private set; }

    /// <summary>Where the next answer is to be written.</summary>
    public Span<byte> Next => bytes.AsSpan(length);

    /// <summary>Whether one more answer of any size fits.</summary>
    public bool HasRoom => bytes.Length - length >= ServoFrame.MaxSize;

    /// <summary>Takes up the answer written to <see cref="Next"/>.</summary>
    public void Add(int length, int delay)
    {
        this.length += length;
        Microseconds += delay + (length * MicrosecondsPerByte);
    }

    /// <summary>Lets the line break off in the midst of the frame behind the half.</summary>
    public void BreakOff()
    {
        var kept = Math.Min((length / 2) + 3, Math.Max(0, length - 1));
        Microseconds -= (length - kept) * MicrosecondsPerByte;
        length = kept;
    }

    /// <summary>Begins anew.</summary>
    public void Clear() => (length, Microseconds) = (0, 0);
}
