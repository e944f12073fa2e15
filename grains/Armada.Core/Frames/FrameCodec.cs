using System.Buffers.Binary;

namespace Armada.Core.Frames;

/// <summary>Frames to bytes and back: little-endian, self-delimiting, several may stand in one payload.</summary>
public static class FrameCodec
{
    public const byte Version = 1;

    public const int MaxJoints = 32;

    public const int HeaderSize = 24;

    public const int EchoSize = 16;

    public const int MaxSize = HeaderSize + 2 * MaxJoints + EchoSize;

    // Half a second and more of an arm's samples.
    private const int MaxJoined = 4096;

    /// <summary>The position that says "this joint has no reading"; receivers leave that joint where it is.</summary>
    public const short NoReading = short.MinValue;

    private const FrameFlags KnownFlags =
        FrameFlags.TorqueOn | FrameFlags.Moving | FrameFlags.Fault | FrameFlags.KeepAlive | FrameFlags.Echo | FrameFlags.Approach;

    public static int SizeOf(int joints, bool echo) => HeaderSize + 2 * joints + (echo ? EchoSize : 0);

    /// <summary>Reads the first frame of <paramref name="payload"/> and moves past it.</summary>
    /// <param name="payload">What is left of a payload; unchanged when there is an error.</param>
    /// <param name="frame">The frame, over the payload's own bytes.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryRead(ref ReadOnlySpan<byte> payload, out FrameView frame, out FrameError error)
    {
        frame = default;
        error = Check(payload);
        if (error != FrameError.None)
            return false;

        var joints = payload[2];
        var flags = (FrameFlags)payload[3];
        var echo = (flags & FrameFlags.Echo) != 0;
        var header = new FrameHeader(
            (FrameKind)payload[1],
            flags,
            joints,
            BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(payload[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(payload[16..]),
            BinaryPrimitives.ReadUInt16LittleEndian(payload[20..]));
        frame = new FrameView(
            header,
            payload.Slice(HeaderSize, 2 * joints),
            echo ? ReadEcho(payload[(HeaderSize + 2 * joints)..]) : default);
        payload = payload[SizeOf(joints, echo)..];
        return true;
    }

    /// <summary>Writes a frame and returns its bytes; echo flag and joint count follow the arguments.</summary>
    /// <param name="destination">At least <see cref="SizeOf"/> bytes.</param>
    /// <param name="positions">Joint positions in joint units, 1 to 32 of them; NaN for none. Values outside ±327.67 are clamped.</param>
    /// <exception cref="ArgumentOutOfRangeException">The joint count is not 1 to 32.</exception>
    public static int Write(Span<byte> destination, in FrameHeader header, ReadOnlySpan<double> positions, FrameEcho? echo = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(positions.Length, nameof(positions));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(positions.Length, MaxJoints, nameof(positions));
        var flags = echo is null ? header.Flags & ~FrameFlags.Echo : header.Flags | FrameFlags.Echo;
        destination[0] = Version;
        destination[1] = (byte)header.Kind;
        destination[2] = (byte)positions.Length;
        destination[3] = (byte)flags;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], header.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], header.CapturedAt);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], header.Epoch);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[20..], header.TimeToLiveMs);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[22..], 0);
        var at = HeaderSize;
        foreach (var position in positions)
        {
            BinaryPrimitives.WriteInt16LittleEndian(destination[at..], ToHundredths(position));
            at += 2;
        }

        if (echo is { } e)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(destination[at..], e.Sequence);
            BinaryPrimitives.WriteInt64LittleEndian(destination[(at + 4)..], e.CapturedAt);
            BinaryPrimitives.WriteUInt32LittleEndian(destination[(at + 12)..], e.HeldMicros);
            at += EchoSize;
        }

        return at;
    }

    /// <summary>Joint units to hundredths, rounded to nearest and clamped to ±327.67; NaN becomes <see cref="NoReading"/>.</summary>
    public static short ToHundredths(double units) =>
        double.IsNaN(units) ? NoReading : (short)Math.Clamp(Math.Round(units * 100), -short.MaxValue, short.MaxValue);

    /// <summary>Hundredths to joint units; <see cref="NoReading"/> becomes NaN.</summary>
    public static double ToUnits(short hundredths) => hundredths == NoReading ? double.NaN : hundredths / 100.0;

    /// <summary>Whether a payload that waits may take another one behind it: both are frames, and not too many.</summary>
    public static bool MayJoin(ReadOnlySpan<byte> waiting, ReadOnlySpan<byte> next) =>
        waiting.Length + next.Length <= MaxJoined && IsFrames(waiting) && IsFrames(next);

    private static bool IsFrames(ReadOnlySpan<byte> payload) =>
        payload.Length > HeaderSize && payload[0] == Version && payload[1] is (byte)FrameKind.State or (byte)FrameKind.Command;

    private static FrameError Check(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < 1)
            return FrameError.Truncated;
        if (payload[0] != Version)
            return FrameError.UnknownVersion;
        if (payload.Length < HeaderSize)
            return FrameError.Truncated;
        if (payload[1] is not ((byte)FrameKind.State or (byte)FrameKind.Command))
            return FrameError.UnknownKind;
        if (payload[2] is 0 or > MaxJoints)
            return FrameError.JointCount;
        if (((FrameFlags)payload[3] & ~KnownFlags) != 0)
            return FrameError.UnknownFlags;
        if (BinaryPrimitives.ReadUInt16LittleEndian(payload[22..]) != 0)
            return FrameError.ReservedNotZero;
        return payload.Length < SizeOf(payload[2], ((FrameFlags)payload[3] & FrameFlags.Echo) != 0)
            ? FrameError.Truncated
            : FrameError.None;
    }

    private static FrameEcho ReadEcho(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[4..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]));
}
