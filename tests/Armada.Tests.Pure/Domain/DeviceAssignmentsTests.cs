using Armada.Core.Devices;
using Armada.Core.Robots;

namespace Armada.Tests.Pure.Domain;

public sealed class DeviceAssignmentsTests
{
    private static readonly DeviceAssignment MasterOfA = new("a", DeviceRole.Master);
    private static readonly DeviceAssignment SlaveOfB = new("b", DeviceRole.Slave);
    private readonly DeviceAssignments claims = DeviceAssignments.None.Claim("arm", MasterOfA, takeover: false).Claims;

    [Fact]
    public void A_device_serves_one_robot_in_one_role()
    {
        var result = claims.Claim("arm", SlaveOfB, takeover: false);

        Assert.Equal(RefusalReason.DeviceBusy, result.Refused?.Reason);
        Assert.Contains("master of a", result.Refused?.Text, StringComparison.Ordinal);
        Assert.Equal(MasterOfA, result.Claims.Of("arm"));
    }

    [Fact]
    public void A_takeover_says_who_lost_the_device()
    {
        var result = claims.Claim("arm", SlaveOfB, takeover: true);

        Assert.Null(result.Refused);
        Assert.Equal(MasterOfA, result.Lost);
        Assert.Equal(SlaveOfB, result.Claims.Of("arm"));
    }

    [Fact]
    public void A_claim_is_granted_again()
    {
        var result = claims.Claim("arm", MasterOfA, takeover: false);

        Assert.Null(result.Refused);
        Assert.Null(result.Lost);
    }

    [Fact]
    public void Who_lost_a_device_cannot_release_it()
    {
        var taken = claims.Claim("arm", SlaveOfB, takeover: true).Claims;

        Assert.Equal(SlaveOfB, taken.Release("arm", MasterOfA).Of("arm"));
        Assert.Null(taken.Release("arm", SlaveOfB).Of("arm"));
    }

    [Fact]
    public void Claims_are_read_from_documents_and_go_with_their_robot()
    {
        var document = new RobotDocument("b", RobotModels.So101, new MasterBinding("l"), [new("f"), new("arm")], 1, false, 1);

        var loaded = claims.With(document);

        Assert.Equal(new DeviceAssignment("b", DeviceRole.Master), loaded.Of("l"));
        Assert.Equal(SlaveOfB, loaded.Of("f"));
        Assert.Equal(MasterOfA, loaded.Of("arm"));
        Assert.Null(loaded.Without("b").Of("f"));
        Assert.Equal(MasterOfA, loaded.Without("b").Of("arm"));
    }
}
