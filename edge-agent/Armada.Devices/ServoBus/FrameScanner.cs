namespace Armada.Devices.ServoBus;

/// <summary>
/// Finds frames in a stream of bytes, in whatever pieces they come. Holds at most one frame. A head that cannot be one, or a
/// wrong checksum, costs one byte: the search goes on at the next, so a frame behind or inside garbage is found.
/// </summary>
internal struct FrameScanner(byte maxId, byte maxCode)
{
    private readonly byte[] held = new byte[4 + ServoFrame.MaxLength];
    private int count;
    private int done;
    private int maxLength = ServoFrame.MaxLength;

    /// <summary>Bytes that belonged to no frame.</summary>
    public long Skipped { get; private set; }

    /// <summary>Frames refused for their checksum.</summary>
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
