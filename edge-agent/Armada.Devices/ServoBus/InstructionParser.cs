namespace Armada.Devices.ServoBus;

/// <summary>What a host asked.</summary>
/// <param name="id">Which servo, or <see cref="ServoFrame.Broadcast"/>.</param>
/// <param name="instruction">What of it; may be a value the enumeration does not name.</param>
/// <param name="parameters">With what.</param>
public readonly ref struct InstructionFrame(byte id, Instruction instruction, ReadOnlySpan<byte> parameters)
{
    /// <summary>Which servo, or <see cref="ServoFrame.Broadcast"/>.</summary>
    public byte Id { get; } = id;

    /// <summary>What is asked; may be a value the enumeration does not name.</summary>
    public Instruction Instruction { get; } = instruction;

    /// <summary>With what. Valid until the parser's next call.</summary>
    public ReadOnlySpan<byte> Parameters { get; } = parameters;
}

/// <summary>Bytes from a host to instruction frames: a servo's side of the bus; as <see cref="StatusParser"/>.</summary>
public sealed class InstructionParser
{
    private FrameScanner scanner = new(ServoFrame.Broadcast, byte.MaxValue);

    /// <summary>Bytes that belonged to no frame, since the parser was made.</summary>
    public long Skipped => scanner.Skipped;

    /// <summary>Frames refused for their checksum, since the parser was made.</summary>
    public long Corrupt => scanner.Corrupt;

    /// <summary>Takes input until a frame is whole.</summary>
    /// <param name="input">What has come in; moved past what was taken, all of it when there is no frame yet.</param>
    /// <param name="frame">The frame.</param>
    public bool TryRead(scoped ref ReadOnlySpan<byte> input, out InstructionFrame frame)
    {
        var found = scanner.TryRead(ref input, out var bytes);
        frame = found ? new InstructionFrame(bytes[2], (Instruction)bytes[4], bytes[5..^1]) : default;
        return found;
    }

    /// <summary>Forgets a frame begun, as after a silence on the line.</summary>
    public void Reset() => scanner.Reset(ServoFrame.MaxLength);
}
