using Armada.Core.MicroPython;
using Armada.Core.Robots;

namespace Armada.Silo.MicroPython;

/// <summary>The one joint that the dialect and most models tell in different units.</summary>
internal static class GripperUnit
{
    /// <summary>Index of the gripper: the dialect's last servo.</summary>
    public const int Index = MicroPythonJson.Joints - 1;

    /// <summary>Whether a model has its gripper in percent; one read from a URDF has it in degrees, as the dialect does.</summary>
    public static bool IsPercent(RobotModel model) => model.Joints.Length > Index && model.Joints[Index].Unit == JointUnit.Percent;
}
