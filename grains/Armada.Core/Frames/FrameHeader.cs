using Armada.Core.Routing;

namespace Armada.Core.Frames;

public enum FrameKind : byte
{
    State = 1,
    Command = 2,
}

/// <summary>The bits of byte 3.</summary>
[Flags]
public enum FrameFlags : byte
{
    None = 0,

    /// <summary>The device's torque is on.</summary>
    TorqueOn = 1,

    /// <summary>At least one joint moves.</summary>
    Moving = 2,

    /// <summary>The device reports a fault; its presence names it.</summary>
    Fault = 4,

    /// <summary>Nothing moved for a while; the frame says that the source lives and rests.</summary>
    KeepAlive = 8,

    /// <summary>An <see cref="FrameEcho"/> follows the positions.</summary>
    Echo = 16,

    /// <summary>Of a command: its device approaches it first, slowly. Of a state: its device is about to.</summary>
    Approach = 32,
}

/// <summary>The fixed 24 bytes at the head of every frame.</summary>
/// <param name="Joints">Joint count, 1 to <see cref="FrameCodec.MaxJoints"/>.</param>
/// <param name="Sequence">Sequence number, wraps around.</param>
/// <param name="CapturedAt">Time of capture at the source, Unix microseconds.</param>
/// <param name="Epoch">The fencing number of the master this frame belongs to; 0 while none is known.</param>
/// <param name="TimeToLiveMs">Age in ms after which a receiver drops a command; 0 for none.</param>
public readonly record struct FrameHeader(
    FrameKind Kind, FrameFlags Flags, int Joints, uint Sequence, long CapturedAt, uint Epoch, ushort TimeToLiveMs)
{
    public SampleStamp Stamp => new(
        Epoch,
        Sequence,
        CapturedAt,
        TimeToLiveMs,
        Fault: (Flags & FrameFlags.Fault) != 0,
        Approach: (Flags & FrameFlags.Approach) != 0,
        KeepAlive: (Flags & FrameFlags.KeepAlive) != 0);
}

/// <summary>The last command a device applied, sent back with its state: round-trip time without synchronized clocks.</summary>
/// <param name="Sequence">Sequence of that command.</param>
/// <param name="CapturedAt">Capture time of the pose that was written, at or after that command's, Unix microseconds of its source's clock.</param>
/// <param name="HeldMicros">Microseconds from the bus write that completed the command to this frame's capture.</param>
public readonly record struct FrameEcho(uint Sequence, long CapturedAt, uint HeldMicros);
