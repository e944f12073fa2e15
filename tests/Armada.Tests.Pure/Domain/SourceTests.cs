using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Tests.Pure.Domain;

/// <summary>What a robot's followers are told of its master besides where to go: when that was, whether it rests, and how slow it is.</summary>
public sealed class SourceTests
{
    private const string Pan = "shoulder_pan";

    [Fact]
    public void A_leader_that_says_that_it_rests_is_passed_on_as_resting()
    {
        var rig = Rig.Routing();
        Lead(rig, 0, still: true);
        Assert.True(rig.LastOf(Rig.Follower).Stamp.KeepAlive);

        Lead(rig, 1, still: false);
        Assert.False(rig.LastOf(Rig.Follower).Stamp.KeepAlive);
    }

    [Fact]
    public void What_the_limits_of_speed_have_left_over_is_not_at_rest()
    {
        var rig = Rig.Routing();
        for (var sample = 0; sample < 20; sample++)
            Lead(rig, sample * 3, still: false); // 300 degrees a second, where a joint may go 180.

        Lead(rig, 57, still: true);
        Assert.False(rig.LastOf(Rig.Follower).Stamp.KeepAlive);
        for (var sample = 0; sample < 50; sample++)
            Lead(rig, 57, still: true);
        Assert.True(rig.LastOf(Rig.Follower).Stamp.KeepAlive);
        Assert.Equal(57, rig.LastOf(Rig.Follower).Positions[0], 1e-9);
    }

    [Fact]
    public void A_robot_that_moves_by_itself_says_that_it_rests_with_the_command_after_its_last_move()
    {
        var rig = new Rig();
        rig.Accept(new RobotRequest.BindSlave(Rig.Follower, false));
        rig.Slave(Rig.Follower, rig.Next(Rig.Follower), rig.Pose(0));
        rig.Accept(new RobotRequest.Manual(Rig.Go((Pan, 20))));
        rig.Drive(1);

        var commands = rig.Commands.SkipWhile(command => command.Stamp.Approach).ToArray();
        var still = Array.FindIndex(commands, command => command.Stamp.KeepAlive);
        Assert.Equal(20, commands[still].Positions[0]);
        Assert.InRange(commands[still].At.MicrosecondsSince(commands[still - 1].At), 0, 10_000);
        Assert.All(commands[still..], command => Assert.True(command.Stamp.KeepAlive));
        Assert.InRange(commands[still..].Length, 2, 11);
    }

    [Theory]
    [InlineData(3_600_000_000)]
    [InlineData(-3_600_000_000)]
    public void Its_own_motion_has_a_time_that_no_setting_of_the_clock_moves(long set)
    {
        var rig = Programmed(out var epoch);
        for (var command = 0; command < 20; command++)
        {
            rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, command))));
            rig.Drive(0.05);
            if (command == 10)
                rig.Now = rig.Now with { Unix = rig.Now.Unix + set };
        }

        Assert.All(rig.Commands.Zip(rig.Commands.Skip(1)), pair => Assert.Equal(
            pair.Second.At.MicrosecondsSince(pair.First.At), pair.Second.Stamp.CapturedAt - pair.First.Stamp.CapturedAt));
    }

    [Theory]
    [InlineData(50)]
    [InlineData(20)]
    [InlineData(10)]
    [InlineData(5)]
    [InlineData(3)]
    public void A_program_that_sends_evenly_moves_its_robot_evenly(int hz)
    {
        const double speed = 30;
        var (rig, jitter) = (Programmed(out var epoch), new Random(hz));
        var begin = rig.Now;
        for (var command = 1; command <= 2 * hz; command++)
        {
            rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, speed * command / hz))));
            var due = begin.Plus(TimeSpan.FromSeconds((command + (0.1 * (jitter.NextDouble() - 0.5))) / hz));
            rig.Drive(due.MicrosecondsSince(rig.Now) / 1e6);
        }

        var steps = rig.Commands.SkipWhile(command => command.Positions[0] < speed / 2).ToArray();
        Assert.All(steps.Skip(1).Zip(steps), pair =>
        {
            var seconds = pair.First.At.MicrosecondsSince(pair.Second.At) / 1e6;
            Assert.InRange((pair.First.Positions[0] - pair.Second.Positions[0]) / seconds, 0.3 * speed, 1.6 * speed);
        });
        Assert.DoesNotContain(steps, command => command.Stamp.KeepAlive);
    }

    [Fact]
    public void A_goal_after_a_pause_and_one_with_a_speed_of_its_own_are_moved_to_as_they_say()
    {
        var rig = Programmed(out var epoch);
        rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, 10))));
        rig.Drive(1);
        rig.Commands.Clear();
        rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, 28))));
        rig.Drive(0.1);
        Assert.Equal(28, rig.LastOf(Rig.Follower).Positions[0], 1e-9); // 180 degrees a second.

        rig.Accept(new RobotRequest.RemoteCommand("script", epoch, new JointCommand([new JointGoal(Pan, 40, 120)])));
        rig.Drive(0.1);
        Assert.Equal(40, rig.LastOf(Rig.Follower).Positions[0], 1e-9);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Followers_are_told_of_a_master_that_sends_slowly_and_of_one_that_no_longer_does(bool isUnfenced)
    {
        var rig = Rig.Routing();
        rig.Effects.Clear();
        Send(rig, seconds: 0.2, isUnfenced);
        Assert.Equal([5.0], Told(rig));

        rig.Accept(new RobotRequest.BindSlave("follower-2", false));
        Assert.Equal([5.0, 5.0, 5.0], Told(rig));

        rig.Effects.Clear();
        Send(rig, seconds: 0.02, isUnfenced);
        Assert.Equal([null, null], Told(rig));
    }

    private static Rig Programmed(out uint epoch)
    {
        var rig = new Rig();
        rig.Accept(new RobotRequest.BindSlave(Rig.Follower, false));
        rig.Slave(Rig.Follower, rig.Next(Rig.Follower), rig.Pose(0));
        epoch = rig.Attach("script");
        return rig;
    }

    private static double?[] Told(Rig rig) =>
        [.. rig.Effects.OfType<Effect.StartStream>().Where(start => start.Device != Rig.Leader).Select(start => start.RateHz)];

    private static void Send(Rig rig, double seconds, bool isUnfenced)
    {
        if (isUnfenced)
        {
            rig.Advance(2.01); // The other dialect begins after a silence.
            rig.Slave(Rig.Follower, 0);
            rig.Master(new SampleStamp(0, 0, rig.Now.Unix, Unfenced: true), rig.Pose(0));
            rig.Effects.Clear();
        }

        for (var sample = 0; sample < 12; sample++)
        {
            rig.Advance(seconds);
            foreach (var slave in rig.Core.Targets)
                rig.Slave(slave.Name, 0);
            if (isUnfenced)
                rig.Master(new SampleStamp(0, 0, rig.Now.Unix, Unfenced: true), rig.Pose(0));
            else
                rig.Master(Rig.Leader, 0);
        }
    }

    private static void Lead(Rig rig, double position, bool still)
    {
        rig.Advance(0.01);
        rig.Slave(Rig.Follower, position);
        rig.Master(rig.Next(Rig.Leader) with { KeepAlive = still }, rig.Pose(position));
    }
}
