namespace Armada.Emulators.Arms;

/// <summary>The two kinds of SO-101.</summary>
public enum ArmRole
{
    /// <summary>Moved by hand, torque off.</summary>
    Leader,

    /// <summary>Driven.</summary>
    Follower,
}
