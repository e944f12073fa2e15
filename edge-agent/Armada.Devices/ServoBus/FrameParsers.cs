namespace Armada.Devices.ServoBus;

/// <param name="id">Which servo, 0 to <see cref="ServoFrame.MaxId"/>.</param>
public readonly ref struct StatusFrame(byte id, ServoErrors errors, ReadOnlySpan<byte> data)
{
    public byte Id { get; } = id;
    public ServoErrors Errors { get; } = errors;

    /// <summary>The bytes read; none for an acknowledgement. Valid until the parser's next call.</summary>
    public ReadOnlySpan<byte> Data { get; } = data;
}

/// <summary>Bytes from servos to status frames, in whatever pieces they come. Never throws, never allocates, and finds the next frame
/// after garbage by itself.</summary>
public sealed class StatusParser
{
    // A status byte over 0x7F is no status frame (bits 6 and 7 are reserved; the vendor SDK resynchronizes there too).
    private FrameScanner scanner = new(ServoFrame.MaxId, 0x7F);

    public long Skipped => scanner.Skipped;
    public long Corrupt => scanner.Corrupt;

    /// <summary>Takes input until a frame is whole.</summary>
    /// <param name="input">What has come in; moved past what was taken, all of it when there is no frame yet.</param>
    public bool TryRead(scoped ref ReadOnlySpan<byte> input, out StatusFrame frame) =>
        Split(scanner.TryRead(ref input, out var bytes), bytes, out frame);

    /// <summary>After the time for an answer is over: gives up the frame begun and looks for others among its bytes, for a corrupted
    /// length byte swallows the frames behind it.</summary>
    public bool TryReadBehindPartial(out StatusFrame frame) => Split(scanner.TryReadBehindPartial(out var bytes), bytes, out frame);

    /// <summary>Forgets a frame begun. No frame with more data than expected is believed from now on.</summary>
    /// <param name="maxData">Most bytes of data in a frame to come, 0 to 248.</param>
    public void Reset(int maxData = ServoFrame.MaxLength - 2) => scanner.Reset(maxData + 2);

    private static bool Split(bool found, ReadOnlySpan<byte> bytes, out StatusFrame frame)
    {
        frame = found ? new StatusFrame(bytes[2], (ServoErrors)bytes[4], bytes[5..^1]) : default;
        return found;
    }
}

/// <param name="id">A servo's, or <see cref="ServoFrame.Broadcast"/>.</param>
/// <param name="instruction">May be a value that the enumeration does not name.</param>
public readonly ref struct InstructionFrame(byte id, Instruction instruction, ReadOnlySpan<byte> parameters)
{
    public byte Id { get; } = id;

    public Instruction Instruction { get; } = instruction;

    /// <summary>With what. Valid until the parser's next call.</summary>
    public ReadOnlySpan<byte> Parameters { get; } = parameters;
}

/// <summary>Bytes from a host to instruction frames: a servo's side of the bus; as <see cref="StatusParser"/>.</summary>
public sealed class InstructionParser
{
    private FrameScanner scanner = new(ServoFrame.Broadcast, byte.MaxValue);

    public long Skipped => scanner.Skipped;
    public long Corrupt => scanner.Corrupt;

    /// <summary>Takes input until a frame is whole.</summary>
    /// <param name="input">What has come in; moved past what was taken, all of it when there is no frame yet.</param>
    public bool TryRead(scoped ref ReadOnlySpan<byte> input, out InstructionFrame frame)
    {
        var found = scanner.TryRead(ref input, out var bytes);
        frame = found ? new InstructionFrame(bytes[2], (Instruction)bytes[4], bytes[5..^1]) : default;
        return found;
    }

    public void Reset() => scanner.Reset(ServoFrame.MaxLength);
}

/// <summary>Finds frames in a stream of bytes, in whatever pieces they come. Holds at most one frame. A head that cannot be one, or a
/// wrong checksum, costs one byte: the search goes on at the next, so a frame behind or inside garbage is found.</summary>
internal struct FrameScanner(byte maxId, byte maxCode)
{
    private readonly byte[] held = new byte[4 + ServoFrame.MaxLength];
    private int count;
    private int done;
    private int maxLength = ServoFrame.MaxLength;

    public long Skipped { get; private set; }
    public long Corrupt { get; private set; }

    /// <summary>Takes bytes until a frame is whole.</summary>
    /// <param name="input">What has come in; moved past what was taken.</param>
    /// <param name="frame">The frame, valid until the next call.</param>
    public bool TryRead(scoped ref ReadOnlySpan<byte> input, out ReadOnlySpan<byte> frame)
    {
        Drop(done);
        done = 0;
        while (true)
        {
            var missing = Missing();
            if (missing == 0 || input.IsEmpty)
                return Give(missing == 0, out frame);
            var taken = Math.Min(missing, input.Length);
            input[..taken].CopyTo(held.AsSpan(count));
            count += taken;
            input = input[taken..];
        }
    }

    /// <summary>Gives up waiting for the rest of the frame begun, and looks for another in what was taken for its inside.</summary>
    public bool TryReadBehindPartial(out ReadOnlySpan<byte> frame)
    {
        Drop(done);
        done = 0;
        var found = Missing() == 0;
        while (count > 0 && !found)
        {
            Skip();
            found = Missing() == 0;
        }

        return Give(found, out frame);
    }

    /// <summary>Forgets what is held, and from now on believes no length byte over <paramref name="maxLength"/>.</summary>
    public void Reset(int maxLength)
    {
        count = 0;
        done = 0;
        this.maxLength = maxLength;
    }

    private bool Give(bool found, out ReadOnlySpan<byte> frame)
    {
        done = found ? held[3] + 4 : 0;
        frame = held.AsSpan(0, done);
        return found;
    }

    /// <summary>Bytes still needed before there is more to know; 0 when the held bytes begin with a frame.</summary>
    private int Missing()
    {
        while (true)
        {
            if (!HeadIsPossible())
            {
                Skip();
                continue;
            }

            if (count < 4)
                return 4 - count;
            var size = held[3] + 4;
            if (count < size)
                return size - count;
            if (ServoFrame.Checksum(held.AsSpan(2, size - 3)) == held[size - 1])
                return 0;
            Corrupt++;
            Skip();
        }
    }

    private readonly bool HeadIsPossible() =>
        (count < 1 || held[0] == 0xFF) &&
        (count < 2 || held[1] == 0xFF) &&
        (count < 3 || held[2] <= maxId) &&
        (count < 4 || (held[3] >= 2 && held[3] <= maxLength)) &&
        (count < 5 || held[4] <= maxCode);

    private void Skip()
    {
        Skipped++;
        Drop(1);
    }

    private void Drop(int bytes)
    {
        if (bytes == 0)
            return;
        held.AsSpan(bytes, count - bytes).CopyTo(held);
        count -= bytes;
    }
}
