using Armada.Core.Devices;

namespace Armada.Tests.Pure.Domain;

public sealed class DeviceKindTests
{
    [Theory]
    [InlineData(DeviceKind.So101Leader, "so101-leader")]
    [InlineData(DeviceKind.So101Follower, "so101-follower")]
    [InlineData(DeviceKind.AeroHandLeft, "aero-hand-left")]
    [InlineData(DeviceKind.AeroHandRight, "aero-hand-right")]
    [InlineData(DeviceKind.MicroPythonArm, "micropython-arm")]
    [InlineData(DeviceKind.Agent, "agent")]
    public void A_kind_is_named_and_found_by_its_name(DeviceKind kind, string name)
    {
        Assert.Equal(name, DeviceKinds.NameOf(kind));
        Assert.True(DeviceKinds.TryParse(name, out var found));
        Assert.Equal(kind, found);
        Assert.Contains(name, DeviceKinds.All.Split(", "));
    }

    [Fact]
    public void Every_kind_has_a_name() =>
        Assert.Equal(Enum.GetValues<DeviceKind>().Length, Enum.GetValues<DeviceKind>().Select(DeviceKinds.NameOf).Distinct().Count());

    [Theory]
    [InlineData("")]
    [InlineData("SO101-Leader")]
    [InlineData("So101Leader")]
    [InlineData("0")]
    public void Another_word_is_no_kind(string name) => Assert.False(DeviceKinds.TryParse(name, out _));
}
