using System.Text;
using Armada.Core.MicroPython;

namespace Armada.Tests.Pure.Wire;

public sealed class MicroPythonJsonTests
{
    private const string Vector =
        """
        {
          "device_name": "XIAOLerobotArmLeaderAWS",
          "servo_1_shoulder_pan": -45.2,
          "servo_2_shoulder_lift": 30.1,
          "servo_3_elbow_flex": -60.5,
          "servo_4_wrist_flex": 15.0,
          "servo_5_wrist_roll": 90.0,
          "servo_6_gripper": -30.0
        }
        """;

    [Fact]
    public void The_requirements_message_is_read() => Assert.Equal([-45.2, 30.1, -60.5, 15, 90, -30], Read(Vector));

    [Fact]
    public void A_message_is_this_text() => Assert.Equal(
        """{"device_name":"arm-7","servo_1_shoulder_pan":-45.2,"servo_2_shoulder_lift":30.12,"servo_3_elbow_flex":0.0,"servo_4_wrist_flex":360.0,"servo_6_gripper":-30.0}""",
        Written([-45.2, 30.123, -0.001, 1e9, double.NaN, -30]));

    [Fact]
    public void A_servo_that_is_not_there_has_no_reading() =>
        Assert.Equal([double.NaN, 1, double.NaN, double.NaN, double.NaN, 2], Read("""{"servo_6_gripper":2,"x":[{}],"servo_1_shoulder_pan":null,"servo_2_shoulder_lift":1}"""));

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("[]", "object")]
    [InlineData("{}", "no servo")]
    [InlineData("""{"device_name":"a","servo_1_shoulder_pan":null}""", "no servo")]
    [InlineData("""{"servo_1_shoulder_pan":"1"}""", "servo 1")]
    [InlineData("""{"servo_3_elbow_flex":360.1}""", "servo 3")]
    [InlineData("""{"servo_6_gripper":-1e999}""", "servo 6")]
    [InlineData("""{"servo_6_gripper":[]}""", "servo 6")]
    [InlineData("""{"servo_6_gripper":1}{""", "")]
    public void What_is_no_message_is_refused_with_the_reason(string json, string named)
    {
        Assert.False(MicroPythonJson.TryRead(Encoding.UTF8.GetBytes(json), new double[6], out var problem));
        Assert.NotEmpty(problem);
        Assert.Contains(named, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_beyond_the_limit_is_not_read() =>
        Assert.False(MicroPythonJson.TryRead(Encoding.UTF8.GetBytes(Vector.PadRight(MicroPythonJson.MaxLength + 1)), new double[6], out _));

    [Fact]
    public void Any_bytes_are_a_message_or_a_problem() => Bytes.Check(
        bytes =>
        {
            var damaged = Encoding.UTF8.GetBytes(Vector);
            for (var at = 0; at + 1 < bytes.Length && at < 6; at += 2)
                damaged[bytes[at] % damaged.Length] = bytes[at + 1];
            return IsSound(bytes) && IsSound(damaged);

            static bool IsSound(byte[] json)
            {
                var degrees = new double[MicroPythonJson.Joints];
                return MicroPythonJson.TryRead(json, degrees, out var problem)
                    ? problem is null && Array.TrueForAll(degrees, angle => double.IsNaN(angle) || Math.Abs(angle) <= MicroPythonJson.MaxAngle)
                    : problem.Length > 0;
            }
        },
        times: 3000);

    [Fact]
    public void What_was_written_is_read() => Bytes.Check(bytes =>
    {
        var degrees = new double[MicroPythonJson.Joints];
        for (var joint = 0; joint < degrees.Length; joint++)
            degrees[joint] = joint < bytes.Length ? Math.Round((bytes[joint] - 128) * 2.81, 2) : double.NaN;
        return bytes.Length == 0 || Read(Written(degrees)).SequenceEqual(degrees);
    });

    [Fact]
    public void Writing_and_reading_allocate_nothing()
    {
        Span<byte> json = stackalloc byte[MicroPythonJson.MaxWritten];
        Span<double> degrees = stackalloc double[MicroPythonJson.Joints];
        Turn(json, degrees, 30_000); // Long enough for the runtime to have compiled the loop for good: that allocates a little, once.

        var before = GC.GetAllocatedBytesForCurrentThread();
        Turn(json, degrees, 10_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        static void Turn(Span<byte> json, Span<double> degrees, int times)
        {
            for (var time = 0; time < times; time++)
            {
                degrees.Fill(time / 77.0 % 360);
                var length = MicroPythonJson.Write(json, "leader"u8, degrees);
                if (!MicroPythonJson.TryRead(json[..length], degrees, out _))
                    throw new InvalidOperationException("not read");
            }
        }
    }

    [Theory]
    [InlineData(-10, 0)]
    [InlineData(45, 50)]
    [InlineData(100, 100)]
    public void The_gripper_is_closed_at_minus_ten_degrees_and_open_at_a_hundred(double degrees, double percent)
    {
        Assert.Equal(percent, GripperAngle.ToPercent(degrees), 9);
        Assert.Equal(degrees, GripperAngle.ToDegrees(percent), 9);
    }

    [Fact]
    public void The_longest_message_fits()
    {
        var pose = Enumerable.Repeat(-359.99, MicroPythonJson.Joints).ToArray();
        var json = new byte[MicroPythonJson.MaxWritten];
        Assert.InRange(MicroPythonJson.Write(json, Encoding.UTF8.GetBytes(new string('a', 64)), pose), 1, MicroPythonJson.MaxWritten);
    }

    private static double[] Read(string json)
    {
        var degrees = new double[MicroPythonJson.Joints];
        Assert.True(MicroPythonJson.TryRead(Encoding.UTF8.GetBytes(json), degrees, out var problem), problem);
        return degrees;
    }

    private static string Written(double[] degrees)
    {
        var json = new byte[MicroPythonJson.MaxWritten];
        return Encoding.UTF8.GetString(json, 0, MicroPythonJson.Write(json, "arm-7"u8, degrees));
    }
}
