using Armada.Core.Time;
using Armada.Devices.Arms;
using Armada.EdgeAgent.Devices;

namespace Armada.Tests.Agent.Devices;

public sealed class RestartBackoffTests
{
    private static readonly JointSet Gripper = default(JointSet).With(5);

    [Fact]
    public void An_arm_is_started_again_at_once_and_then_ever_more_seldom_while_it_does_not_help()
    {
        var pace = new RestartBackoff();

        var due = Enumerable.Range(0, 5 * 130).Where(check => pace.IsDue(Gripper, At(check * 0.2))).Select(check => check * 0.2);

        Assert.Equal([0, 1, 3, 7, 15, 31, 61, 91, 121], due.Select(second => Math.Round(second)));
    }

    [Fact]
    public void A_servo_that_is_well_again_is_waited_for_no_longer_the_next_time()
    {
        var pace = new RestartBackoff();
        Assert.True(pace.IsDue(Gripper, At(0)));
        Assert.False(pace.IsDue(Gripper, At(0.2)));
        Assert.False(pace.IsDue(default, At(0.4)));
        Assert.True(pace.IsDue(Gripper, At(0.6)));
    }

    private static Timestamp At(double seconds) => new((long)(seconds * 1e6), 0);
}
