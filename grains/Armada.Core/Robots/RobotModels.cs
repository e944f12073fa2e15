using System.Diagnostics.CodeAnalysis;

namespace Armada.Core.Robots;

/// <remarks>
/// Body limits are those of the SO-101's URDF in the calibration whose zero is mid-range; SO-100 has the same joints and no limits of
/// its own published. Velocities are Armada's: 180 °/s, well under the 298.8 °/s that the STS3215 turns without load, and for the
/// gripper from closed to open in half a second.
/// </remarks>
public static class RobotModels
{
    private const double BodyVelocity = 180;
    private const double GripperVelocity = 200;

    public static RobotModel So100 { get; } = SoArm("so100");

    public static RobotModel So101 { get; } = SoArm("so101");

    public static IReadOnlyList<RobotModel> All { get; } = [So100, So101];

    /// <summary>Finds a model by its name, in any case.</summary>
    public static bool TryGet(string name, [NotNullWhen(true)] out RobotModel? model)
    {
        model = All.FirstOrDefault(known => string.Equals(known.Name, name, StringComparison.OrdinalIgnoreCase));
        return model is not null;
    }

    private static RobotModel SoArm(string name) => new(
        name,
        [
            Body("shoulder_pan", -110, 110),
            Body("shoulder_lift", -100, 100),
            Body("elbow_flex", -96.8, 96.8),
            Body("wrist_flex", -95, 95),
            Body("wrist_roll", -157.2, 162.8),
            new Joint("gripper", JointUnit.Percent, 0, 100, GripperVelocity, 0),
        ]);

    private static Joint Body(string name, double min, double max) => new(name, JointUnit.Degree, min, max, BodyVelocity, 0);
}
