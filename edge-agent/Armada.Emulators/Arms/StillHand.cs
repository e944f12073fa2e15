using Armada.Devices.Arms;

namespace Armada.Emulators.Arms;

/// <summary>Holds the arm in one pose.</summary>
/// <param name="held">Degrees from the middle, percent for the gripper.</param>
public sealed class StillHand(params double[] held) : IHand
{
    /// <summary>Holds a leader at rest.</summary>
    public StillHand()
        : this([.. JointFit.So101(ArmRole.Leader).Select(j => j.Rest)])
    {
    }

    /// <inheritdoc/>
    public void Pose(TimeSpan time, Span<double> pose) => held.CopyTo(pose);
}
