namespace Armada.Core.Devices;

/// <summary>What a MicroPython board's arm does; the two listen to different topics.</summary>
public enum BoardRole : byte
{
    /// <summary>It is moved by hand and tells its pose.</summary>
    Leader,

    /// <summary>It is driven.</summary>
    Follower,
}
