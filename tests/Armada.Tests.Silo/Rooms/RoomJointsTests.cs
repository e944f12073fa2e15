using Armada.Core.Robots;
using Armada.Core.Rooms;
using Armada.Silo.Rooms;

namespace Armada.Tests.Silo.Rooms;

public sealed class RoomJointsTests
{
    private static readonly RoomJoints Plain = new(RobotModels.So100, RoomUnits.Joint);
    private static readonly RoomJoints Normalized = new(RobotModels.So100, RoomUnits.Normalized);

    [Fact]
    public void Joints_have_Arenas_names_and_are_found_by_both() =>
        Assert.Equal(
            ["Rotation:0:0", "Pitch:1:1", "Elbow:2:2", "Wrist_Pitch:3:3", "Wrist_Roll:4:4", "Jaw:5:5"],
            RobotModels.So100.Joints.Select((joint, index) => $"{Plain.NameOf(index)}:{Plain.Find(joint.Name)}:{Plain.Find(Plain.NameOf(index))}"));

    [Theory]
    [InlineData(0, -110, -100)]
    [InlineData(0, 0, 0)]
    [InlineData(0, 55, 50)]
    [InlineData(0, 110, 100)]
    [InlineData(4, -157.2, -100)]
    [InlineData(4, 2.8, 0)]
    [InlineData(4, 162.8, 100)]
    [InlineData(5, 0, 0)]
    [InlineData(5, 40, 40)]
    [InlineData(5, 100, 100)]
    public void Normalized_values_span_the_joints_limits(int joint, double position, double value)
    {
        Assert.Equal(value, Normalized.ToRoom(joint, position), 1e-9);
        Assert.Equal(position, Normalized.ToGoal(joint, new RoomJoint("x", value)).Value, 1e-9);
    }

    [Theory]
    [InlineData(0, 300, 110)]
    [InlineData(0, -300, -110)]
    [InlineData(5, -20, 0)]
    public void A_normalized_value_out_of_range_is_a_limit(int joint, double value, double position) =>
        Assert.Equal(position, Normalized.ToGoal(joint, new RoomJoint("x", value)).Value, 1e-9);

    [Fact]
    public void Plain_values_are_the_joints_own_to_a_thousandth()
    {
        Assert.Equal(12.346, Plain.ToRoom(0, 12.34567));
        Assert.Equal(500, Plain.ToGoal(0, new RoomJoint("x", 500)).Value);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(0.0, null)]
    [InlineData(50.0, 90.0)]
    [InlineData(100.0, 180.0)]
    public void A_speed_is_percent_of_the_joints_fastest(double? percent, double? speed) =>
        Assert.Equal(speed, Plain.ToGoal(0, new RoomJoint("x", 1, percent)).Speed);

    [Fact]
    public void Two_rooms_are_never_one_robot() =>
        Assert.Equal(
            3,
            new[] { new RoomName("a", "bc"), new RoomName("ab", "c"), new RoomName("a", "b c") }.Select(RoomCatalog.RobotIdOf).Distinct().Count());
}
