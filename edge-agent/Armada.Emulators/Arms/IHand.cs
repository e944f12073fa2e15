namespace Armada.Emulators.Arms;

/// <summary>A person's hand on an arm.</summary>
public interface IHand
{
    /// <summary>Where the hand wants the joints.</summary>
    /// <param name="time">Since it began; never less than at the call before.</param>
    /// <param name="pose">One value for each joint of an SO-101: degrees from the middle, percent for the gripper.</param>
    void Pose(TimeSpan time, Span<double> pose);
}
