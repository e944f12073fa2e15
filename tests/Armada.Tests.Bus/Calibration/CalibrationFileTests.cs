using System.Text;
using Armada.Devices.Arms;
using Armada.Devices.Calibration;

namespace Armada.Tests.Bus.Calibration;

public sealed class CalibrationFileTests : IDisposable
{
    private const string Again = "; calibrate this arm again, as with lerobot-calibrate";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory();

    private string File => Path.Combine(folder.FullName, "deeper", "arm.json");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void A_file_is_written_as_LeRobot_writes_it_and_read_back()
    {
        CalibrationFile.Write(File, SampleCalibration.Arm);
        Assert.Equal(SampleCalibration.Json, System.IO.File.ReadAllText(File));
        Assert.Equal(SampleCalibration.Arm.Joints.AsEnumerable(), CalibrationFile.Read(File).Joints);
        CalibrationFile.Write(File, SampleCalibration.Arm);
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(File)!));
    }

    [Fact]
    public void A_byte_order_mark_is_passed_over() =>
        Assert.Equal(SampleCalibration.Arm.Joints.AsEnumerable(), CalibrationFile.Parse("arm.json", Encoding.UTF8.GetBytes("\uFEFF" + SampleCalibration.Json)).Joints);

    [Fact]
    public void A_missing_file_is_named()
    {
        var error = Assert.Throws<CalibrationException>(() => CalibrationFile.Read(File));
        Assert.StartsWith($"{File} cannot be read: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"gripper\"", "\"claw\"", "arm.json: unknown joint claw")]
    [InlineData(
        "\"drive_mode\": 0,\n        \"homing_offset\": 1107",
        "\"homing_offset\": 1107",
        "arm.json: gripper: drive_mode is missing")]
    [InlineData("\"id\": 6", "\"id\": 6, \"color\": 1", "arm.json: gripper: unknown key color")]
    [InlineData("\"id\": 6", "\"id\": 7", "arm.json: gripper: id is 7, but this joint's servo is 6")]
    [InlineData("\"id\": 6", "\"id\": 600", "arm.json: gripper: id 600 is no servo's")]
    [InlineData("3520", "35.5", "arm.json: gripper: range_max is not an integer")]
    [InlineData("3520", "\"3520\"", "arm.json: gripper: range_max is not an integer")]
    [InlineData("3520", "2030", "arm.json: gripper: range_min 2030 is not below range_max 2030" + Again)]
    [InlineData("3520", "4368", "arm.json: gripper: range_max 4368 is over 4095, the last step of a turn" + Again)]
    [InlineData("3520", "30672", "arm.json: gripper: range_max 30672 is over 4095, the last step of a turn" + Again)]
    [InlineData("3520", "2050", "arm.json: gripper: from range_min 2030 to range_max 2050 are 20 steps, too few for a joint that was moved to both of its ends" + Again)]
    [InlineData("2030", "3", "arm.json: gripper: from range_min 3 to range_max 3520 is more than this joint turns" + Again)]
    [InlineData("2030", "-1", "arm.json: gripper: range_min -1 is below 0" + Again)]
    [InlineData("1107", "2048", "arm.json: gripper: homing_offset 2048 is outside ±2047" + Again)]
    [InlineData(
        "\"drive_mode\": 0,\n        \"homing_offset\": -1470",
        "\"drive_mode\": 1, \"homing_offset\": -1470",
        "arm.json: shoulder_pan: drive_mode 1 has no effect on a joint in degrees, so that it may turn the wrong way" + Again)]
    [InlineData(
        "\"drive_mode\": 0,\n        \"homing_offset\": 1107",
        "\"drive_mode\": 2, \"homing_offset\": 1107",
        "arm.json: gripper: drive_mode 2 is neither 0 nor 1" + Again)]
    public void A_fault_is_told_in_one_line_with_file_joint_and_key(string good, string bad, string message)
    {
        Assert.Contains(good, SampleCalibration.Json, StringComparison.Ordinal);
        Assert.Equal(message, MessageFor(SampleCalibration.Json.Replace(good, bad, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("[]", "arm.json: not an object by joint name")]
    [InlineData("{}", "arm.json: shoulder_pan is missing")]
    [InlineData("{\"gripper\": 1}", "arm.json: shoulder_pan is missing")]
    [InlineData("{\"shoulder_pan\": 1}", "arm.json: shoulder_pan is not an object")]
    [InlineData("{\"motor_names\": []}", "arm.json: in the format of before June 2025, which means other things: calibrate again")]
    public void What_is_no_calibration_is_refused(string json, string message) => Assert.Equal(message, MessageFor(json));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"gripper\": {}, \"gripper\": {}}")]
    public void What_is_no_JSON_is_refused(string json) =>
        Assert.StartsWith("arm.json is not JSON: ", MessageFor(json), StringComparison.Ordinal);

    [Fact]
    public void The_only_calibration_of_a_role_is_found_and_two_are_refused_by_name()
    {
        var leader = ArmKind.Find("so101-leader")!;
        var folder = new CalibrationFolder(this.folder.FullName);
        Assert.Contains(folder.Root, Assert.Throws<CalibrationException>(() => folder.FindOnly(leader)).Message, StringComparison.Ordinal);
        var beside = Path.Combine(folder.Root, "my-leader.json");
        CalibrationFile.Write(beside, SampleCalibration.Arm);
        Assert.Equal(beside, folder.FindOnly(leader));
        var blue = Path.Combine(folder.Root, "teleoperators/so_leader/blue.json");
        CalibrationFile.Write(blue, SampleCalibration.Arm);
        Assert.Equal(blue, folder.FindOnly(leader));
        CalibrationFile.Write(Path.Combine(folder.Root, "teleoperators/so101_leader/red.json"), SampleCalibration.Arm);
        var error = Assert.Throws<CalibrationException>(() => folder.FindOnly(leader)).Message;
        Assert.Contains("blue.json", error, StringComparison.Ordinal);
        Assert.Contains("red.json", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("so101-leader", "teleoperators/so_leader", "teleoperators/so101_leader")]
    [InlineData("so101-follower", "robots/so_follower", "robots/so101_follower")]
    [InlineData("so100-follower", "robots/so_follower", "robots/so100_follower")]
    public void A_calibration_is_found_in_the_directories_of_newer_and_older_LeRobots(string name, params string[] directories)
    {
        var folder = new CalibrationFolder(this.folder.FullName);
        foreach (var directory in directories)
        {
            var file = Path.Combine(folder.Root, directory, "blue.json");
            CalibrationFile.Write(file, SampleCalibration.Arm);
            Assert.Equal(file, folder.FindOnly(ArmKind.Find(name)!));
            System.IO.File.Delete(file);
        }
    }

    private static string MessageFor(string json) =>
        Assert.Throws<CalibrationException>(() => CalibrationFile.Parse("arm.json", Encoding.UTF8.GetBytes(json))).Message;
}
