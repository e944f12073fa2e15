namespace Armada.Core.Frames;

/// <summary>Why bytes are not a frame.</summary>
public enum FrameError : byte
{
    None,

    /// <summary>Fewer bytes than the frame announces.</summary>
    Truncated,

    /// <summary>A version other than <see cref="FrameCodec.Version"/>.</summary>
    UnknownVersion,

    /// <summary>A kind that is neither state nor command.</summary>
    UnknownKind,

    /// <summary>A joint count of 0 or over <see cref="FrameCodec.MaxJoints"/>.</summary>
    JointCount,

    /// <summary>A flag bit that version 1 does not define.</summary>
    UnknownFlags,

    /// <summary>The reserved field is not 0.</summary>
    ReservedNotZero,
}
