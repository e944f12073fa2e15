namespace Armada.Devices.ServoBus;

/// <summary>
/// Finds frames in a stream of bytes, in whatever pieces they come. Holds at most one frame. A head that cannot be one, or a
/// wrong checksum, costs one byte: the search goes on at the next, so a frame behind or inside garbage is found.
/// </summary>
internal struct FrameScanner(byte maxId, byte maxCode)
{
    private readonly byte[] _held = new byte[4 + ServoFrame.MaxLength];
    private int _count;
    private int _done;
    private int _maxLength = ServoFrame.MaxLength;

    /// <summary>Bytes that belonged to no frame.</summary>
    public long Skipped { get; private set; }

    /// <summary>Frames refused for their checksum.</summary>
    public long Corrupt { get; private set; }

    /// <summary>Takes bytes until a frame is whole.</summary>
    /// <param name="input">What has come in; moved past what was taken.</param>
    /// <param name="frame">The frame, valid until the next call.</param>
    public bool TryRead(scoped ref ReadOnlySpan<byte> input, out ReadOnlySpan<byte> frame)
    {
        Drop(_done);
        _done = 0;
        while (true)
        {
            var missing = Missing();
            if (missing == 0 || input.IsEmpty)
                return Give(missing == 0, out frame);
            var taken = Math.Min(missing, input.Length);
            input[..taken].CopyTo(_held.AsSpan(_count));
            _count += taken;
            input = input[taken..];
        }
    }

    /// <summary>Gives up waiting for the rest of the frame begun, and looks for another in what was taken for its inside.</summary>
    public bool TryReadBehindPartial(out ReadOnlySpan<byte> frame)
    {
        Drop(_done);
        _done = 0;
        var found = Missing() == 0;
        while (_count > 0 && !found)
        {
            Skip();
            found = Missing() == 0;
        }

        return Give(found, out frame);
    }

    /// <summary>Forgets what is held, and from now on believes no length byte over <paramref name="maxLength"/>.</summary>
    public void Reset(int maxLength)
    {
        _count = 0;
        _done = 0;
        _maxLength = maxLength;
    }

    private bool Give(bool found, out ReadOnlySpan<byte> frame)
    {
        _done = found ? _held[3] + 4 : 0;
        frame = _held.AsSpan(0, _done);
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

            if (_count < 4)
                return 4 - _count;
            var size = _held[3] + 4;
            if (_count < size)
                return size - _count;
            if (ServoFrame.Checksum(_held.AsSpan(2, size - 3)) == _held[size - 1])
                return 0;
            Corrupt++;
            Skip();
        }
    }

    private readonly bool HeadIsPossible() =>
        (_count < 1 || _held[0] == 0xFF) &&
        (_count < 2 || _held[1] == 0xFF) &&
        (_count < 3 || _held[2] <= maxId) &&
        (_count < 4 || (_held[3] >= 2 && _held[3] <= _maxLength)) &&
        (_count < 5 || _held[4] <= maxCode);

    private void Skip()
    {
        Skipped++;
        Drop(1);
    }

    private void Drop(int bytes)
    {
        if (bytes == 0)
            return;
        _held.AsSpan(bytes, _count - bytes).CopyTo(_held);
        _count -= bytes;
    }
}
