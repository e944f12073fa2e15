namespace Armada.Devices.ServoBus;

/// <summary>What a servo answered.</summary>
/// <param name="id">Which servo, 0 to <see cref="ServoFrame.MaxId"/>.</param>
/// <param name="errors">Its condition.</param>
/// <param name="data">The bytes read; none for an acknowledgement.</param>
public readonly ref struct StatusFrame(byte id, ServoErrors errors, ReadOnlySpan<byte> data)
{
    /// <summary>Which servo, 0 to <see cref="ServoFrame.MaxId"/>.</summary>
    public byte Id { get; } = id;

    /// <summary>Its condition.</summary>
    public ServoErrors Errors { get; } = errors;

    /// <summary>The bytes read; none for an acknowledgement. Valid until the parser's next call.</summary>
    public ReadOnlySpan<byte> Data { get; } = data;
}

/// <summary>
/// Bytes from servos to status frames, in whatever pieces they come. Never throws, never allocates, and finds the next frame
/// after garbage by itself.
/// </summary>
public sealed class StatusParser
{
    // A status byte over 0x7F is no status frame (bits 6 and 7 are reserved; the vendor SDK resynchronizes there too).
    private FrameScanner scanner = new(ServoFrame.MaxId, 0x7F);

    /// <summary>Bytes that belonged to no frame, since the parser was made.</summary>
    public long Skipped => scanner.Skipped;

    /// <summary>Frames refused for their checksum, since the parser was made.</summary>
    public long Corrupt => scanner.Corrupt;

    /// <summary>Takes input until a frame is whole.</summary>
    /// <param name="input">What has come in; moved past what was taken, all of it when there is no frame yet.</param>
    /// <param name="frame">The frame.</param>
    public bool TryRead(scoped ref ReadOnlySpan<byte> input, out StatusFrame frame) =>
        Split(scanner.TryRead(ref input, out var bytes), bytes, out frame);

    /// <summary>
    /// After the time for an answer is over: gives up the frame begun and looks for others among its bytes, for a corrupted
    /// length byte swallows the frames behind it.
    /// </summary>
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
