using Armada.Devices.Arms;
using Armada.Devices.Calibration;

namespace Armada.Emulators.Arms;

/// <summary>One joint of an SO-101 as it was assembled and calibrated.</summary>
/// <param name="HomingOffset">Steps between the encoder and the reading.</param>
/// <param name="Minimum">Least reading of the calibrated range, steps.</param>
/// <param name="Rest">Where it stands at first: degrees from the middle, percent for the gripper.</param>
public sealed record EmulatedJoint(byte Id, string Name, int HomingOffset, int Minimum, int Maximum, double Rest)
{
    // LeRobot divides a turn by the greatest reading, 4095, not by the number of steps.
    private const double StepsPerDegree = 4095 / 360.0;

    /// <summary>Whether it is measured in percent, 0 closed and 100 open, rather than degrees.</summary>
    public bool IsGripper => Name == "gripper";

    /// <summary>Degrees from the middle (or percent) to a reading in steps, not rounded.</summary>
    public double ToSteps(double value) => IsGripper
        ? Minimum + (value / 100 * (Maximum - Minimum))
        : ((Minimum + Maximum) / 2.0) + (value * StepsPerDegree);

    /// <summary>A reading in steps to degrees from the middle (or percent).</summary>
    public double FromSteps(double steps) => IsGripper
        ? (steps - Minimum) / (Maximum - Minimum) * 100
        : (steps - ((Minimum + Maximum) / 2.0)) / StepsPerDegree;

    public static IReadOnlyList<EmulatedJoint> So101(ArmRole role) => role == ArmRole.Leader ? Leader : Follower;

    public static ArmCalibration Calibration(ArmRole role) => new(
        $"emulated {role}", [.. So101(role).Select(j => new JointCalibration(j.Id, 0, j.HomingOffset, j.Minimum, j.Maximum))]);

    private static readonly EmulatedJoint[] Leader =
    [
        new(1, "shoulder_pan", 893, 771, 3311, 0),
        new(2, "shoulder_lift", -1204, 822, 3190, -60),
        new(3, "elbow_flex", 411, 905, 3090, 55),
        new(4, "wrist_flex", -677, 700, 3240, 25),
        new(5, "wrist_roll", 1542, 0, 4095, 0),
        new(6, "gripper", -312, 2040, 3260, 5),
    ];

    // The range and offsets of the calibration file in LeRobot's format that the reference shows.
    private static readonly EmulatedJoint[] Follower =
    [
        new(1, "shoulder_pan", -1470, 758, 3292, 12),
        new(2, "shoulder_lift", 1025, 838, 3175, -75),
        new(3, "elbow_flex", 1258, 890, 3081, 70),
        new(4, "wrist_flex", -1973, 652, 3222, 40),
        new(5, "wrist_roll", -1883, 0, 4095, -8),
        new(6, "gripper", 1107, 2030, 3520, 10),
    ];
}
