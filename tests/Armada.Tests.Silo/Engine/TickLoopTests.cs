using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Grains.Robots;
using Armada.Testing;
using Armada.Testing.Engine;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Engine;

/// <summary>Time passes for robots in a running silo.</summary>
public sealed class TickLoopTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task A_robot_that_moves_by_itself_is_ticked_about_every_ten_milliseconds_and_at_rest_no_more()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");
        var engine = silo.Service<IRobotEngine>();
        var guest = new ScriptedSession("guest");
        await engine.ConnectAsync("arm", guest, default);
        await engine.ApplyAsync("arm", new RobotRequest.JoinSlave("guest"), default);

        var goal = new JointGoal("shoulder_pan", 100, 100);
        Assert.Null((await engine.ApplyAsync("arm", new RobotRequest.Manual(new JointCommand([goal])), default)).Refused);
        await Eventually.Holds("the guest arrives", () => guest.Commands.Count > 0 && guest.Commands.Last().Positions[0] >= 100);

        // One second of motion: a machine that has better things to do may leave out many of the 100 ticks, and none is too many.
        Assert.InRange(guest.Commands.Count, 20, 130);
        var robot = Assert.Single(silo.Service<HostedRobots>().All);
        await Eventually.Holds("the panel's spell ends", () => !robot.IsDriving);
        Assert.False((await engine.GetAsync("arm", default))!.Manual);
    }
}
