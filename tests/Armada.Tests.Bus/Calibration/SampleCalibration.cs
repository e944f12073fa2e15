using Armada.Devices.Arms;
using Armada.Devices.Calibration;

namespace Armada.Tests.Bus.Calibration;

/// <summary>A calibration such as LeRobot writes.</summary>
internal static class SampleCalibration
{
    public static ArmCalibration Arm { get; } = new("sample",
    [
        new(1, 0, -1470, 758, 3292),
        new(2, 0, 1025, 838, 3175),
        new(3, 0, 1258, 890, 3081),
        new(4, 0, -1973, 652, 3222),
        new(5, 0, -1883, 0, 4095),
        new(6, 0, 1107, 2030, 3520),
    ]);

    /// <summary>The file of it, in LeRobot's layout.</summary>
    public static string Json { get; } =
        "{\n" + string.Join(",\n", ArmJoint.All.Zip(Arm.Joints, (joint, c) => string.Join(
            '\n',
            $"    \"{joint.Name}\": {{",
            $"        \"id\": {c.Id},",
            $"        \"drive_mode\": {c.DriveMode},",
            $"        \"homing_offset\": {c.HomingOffset},",
            $"        \"range_min\": {c.RangeMin},",
            $"        \"range_max\": {c.RangeMax}",
            "    }"))) + "\n}";
}
