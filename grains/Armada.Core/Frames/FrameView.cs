using System.Buffers.Binary;

namespace Armada.Core.Frames;

/// <summary>One decoded frame, over the bytes it came in; nothing is copied.</summary>
public readonly ref struct FrameView
{
    private readonly ReadOnlySpan<byte> positions;

    internal FrameView(FrameHeader header, ReadOnlySpan<byte> positions, FrameEcho echo)
    {
        Header = header;
        this.positions = positions;
        Echo = echo;
    }

    public FrameHeader Header { get; }

    /// <summary>The echo; meaningful only with <see cref="FrameFlags.Echo"/>.</summary>
    public FrameEcho Echo { get; }

    public bool HasEcho => (Header.Flags & FrameFlags.Echo) != 0;

    /// <summary>
    /// Position of one joint in hundredths of its unit (degree, or percent for grippers and hand channels);
    /// <see cref="FrameCodec.NoReading"/> where the source has none.
    /// </summary>
    public short this[int joint] => BinaryPrimitives.ReadInt16LittleEndian(positions[(2 * joint)..]);

    /// <summary>Copies the positions in joint units; a joint without a reading becomes NaN.</summary>
    /// <param name="units">At least <see cref="FrameHeader.Joints"/> long.</param>
    public void CopyTo(Span<double> units)
    {
        for (var joint = 0; joint < Header.Joints; joint++)
            units[joint] = FrameCodec.ToUnits(this[joint]);
    }
}
