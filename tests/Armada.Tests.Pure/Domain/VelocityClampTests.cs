using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Tests.Pure.Domain;

public sealed class VelocityClampTests
{
    private const double Velocity = 200;

    [Fact]
    public void What_a_stall_has_left_over_is_no_license_for_a_later_jump()
    {
        var clamp = new VelocityClamp(TimeSpan.FromMilliseconds(100));
        double[] pose = [0];
        clamp.Start(At(0), unused: TimeSpan.FromSeconds(2));
        clamp.Step(pose, [30], [Velocity], At(0));
        Assert.Equal(30, pose[0]);

        clamp.Step(pose, [400], [Velocity], At(100));

        Assert.Equal(30 + (0.1 * Velocity), pose[0], 3);
    }

    private static Timestamp At(long milliseconds) => new(milliseconds * 1000, milliseconds * 1000);
}
