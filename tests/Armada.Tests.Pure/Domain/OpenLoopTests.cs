using Armada.Core.Robots;

namespace Armada.Tests.Pure.Domain;

/// <summary>Slaves that do not say where they are, or only now and then: where their commands begin.</summary>
public sealed class OpenLoopTests
{
    private const string Leader = Rig.Leader;
    private const string Pan = "shoulder_pan";
    private const string Micro = "micro";
    private const string Viewer = "viewer";
    private readonly Rig rig = new();

    public OpenLoopTests()
    {
        rig.Accept(new RobotRequest.BindSlave(new SlaveBinding(Micro, SlaveKind.MicroPython), false));
        rig.Accept(new RobotRequest.BindSlave(new SlaveBinding(Viewer, SlaveKind.WebSocket), false));
        rig.Accept(new RobotRequest.JoinSlave(Viewer));
    }

    [Fact]
    public void It_begins_at_rest_where_nothing_is_known()
    {
        Lead(0.01, 30);

        Assert.Equal(0, First(Micro));
    }

    [Fact]
    public void It_begins_where_the_virtual_robot_was_if_it_was_never_commanded()
    {
        Lead(2, 30);
        rig.Accept(new RobotRequest.JoinSlave("late"));
        rig.Advance(0.01);
        rig.Master(Leader, 31);

        Assert.Equal(30, First("late"));
    }

    [Fact]
    public void It_begins_at_a_fresh_report()
    {
        Report(Viewer, 50);
        Lead(0.01, 30);

        Assert.Equal(50, First(Viewer));
        Assert.Equal(0, First(Micro));
    }

    [Fact]
    public void A_report_that_is_old_or_was_overtaken_by_commands_says_nothing()
    {
        Lead(2, 30);
        Report(Viewer, -80);
        Lead(0.5, 30);
        Hold();
        Assert.Equal(30, Next(Viewer));

        Hold();
        Report(Viewer, -80);
        rig.Advance(1.01);
        Assert.Equal(30, Next(Viewer));

        Hold();
        Report(Viewer, 20);
        Assert.Equal(20, Next(Viewer), 4.5);
    }

    [Fact]
    public void Each_joint_has_a_report_of_its_own_age()
    {
        rig.Accept(new RobotRequest.SlaveReport(Viewer, [new("Rotation", -80)]));
        Lead(4, 30);
        rig.Accept(new RobotRequest.SlaveReport(Viewer, [new("Pitch", 10)]));
        Hold();
        rig.Commands.Clear();
        rig.Advance(0.01);
        rig.Master(Leader, 30);

        Assert.Equal([30.0, 10.0], rig.Commands.First(command => command.Device == Viewer).Positions[..2]);
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("restart of the leader")]
    [InlineData("takeover by a program")]
    [InlineData("manual")]
    [InlineData("limits")]
    [InlineData("failed write")]
    [InlineData("fault")]
    [InlineData("rejoin")]
    public void It_goes_on_where_it_was_last_commanded_whatever_happens(string what)
    {
        Lead(2, 30);
        rig.Commands.Clear();
        switch (what)
        {
            case "stop":
                rig.Accept(new RobotRequest.Stop());
                rig.Accept(new RobotRequest.Reset());
                break;
            case "restart of the leader":
                rig.RestartDevice(Leader);
                rig.Master(Leader, 90);
                break;
            case "takeover by a program":
                var epoch = rig.Attach("script", takeover: true);
                rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, 90))));
                rig.Drive(0.01);
                break;
            case "manual":
                rig.Accept(new RobotRequest.UnbindMaster());
                rig.Accept(new RobotRequest.Manual(Rig.Go((Pan, 90))));
                rig.Drive(0.01);
                break;
            case "limits":
                rig.Accept(new RobotRequest.Configure(RobotModels.So100));
                break;
            case "failed write":
                rig.DiskFails = true;
                rig.Apply(new RobotRequest.UnbindMaster());
                rig.DiskFails = false;
                rig.Advance(1.01);
                rig.Master(Leader, 90);
                break;
            case "fault":
                rig.Fault();
                rig.Master(Leader, 90);
                break;
            case "rejoin":
                rig.Accept(new RobotRequest.LeaveSlave(Viewer, "closed"));
                rig.Advance(5);
                rig.Accept(new RobotRequest.JoinSlave(Viewer));
                rig.Master(Leader, 90);
                break;
        }

        rig.Advance(0.01);
        rig.Master(Leader, 90);

        foreach (var slave in new[] { Micro, Viewer })
            Assert.Equal(30, First(slave), 2.0);
    }

    [Fact]
    public void What_comes_at_once_after_a_stall_is_no_jump()
    {
        const double step = 0.6; // 60 degrees a second.
        Lead(2, -60);
        rig.Commands.Clear();
        var (pan, stall) = (-60.0, rig.Now);
        for (var sample = 0; sample < 150; sample++)
        {
            // From the fiftieth to the eightieth all come together.
            rig.Now = stall.Plus(TimeSpan.FromSeconds(0.01 * (sample is >= 50 and < 80 ? 80 : sample)));
            rig.Master(rig.Next(Leader) with { CapturedAt = stall.Unix + (sample * 10_000) }, rig.Pose(pan += step));
        }

        Lead(1, pan);
        foreach (var slave in new[] { Micro, Viewer })
        {
            var told = rig.Commands.Where(command => command.Device == slave).Select(command => command.Positions[0]).ToArray();
            Assert.All(told.Skip(1).Zip(told, (next, at) => next - at), way => Assert.InRange(way, 0, 3 * step));
            Assert.Equal(pan, told[^1], 1e-9);
        }
    }

    [Theory]
    [InlineData(20)]
    [InlineData(10)]
    [InlineData(5)]
    [InlineData(3)]
    public void It_keeps_up_with_a_master_that_sends_slowly(int hz)
    {
        const double speed = 30;
        Lead(2, -80);
        var pan = -80.0;
        for (var sample = 0; sample < 5 * hz; sample++)
        {
            rig.Advance(1.0 / hz);
            rig.Master(Leader, pan += speed / hz);
        }

        foreach (var slave in new[] { Micro, Viewer })
            Assert.InRange(rig.LastOf(slave).Positions[0], pan - (speed / hz), pan);
    }

    [Fact]
    public void Other_offsets_move_nothing_at_once()
    {
        Lead(2, 30);
        var tuned = new SlaveBinding(Micro, SlaveKind.MicroPython, null, [new JointMapping(Pan, 10)]);
        rig.Accept(new RobotRequest.BindSlave(tuned, false));
        rig.Commands.Clear();
        rig.Advance(0.01);
        rig.Master(Leader, 30);

        Assert.Equal(30, First(Micro), 0.5);
        Lead(2, 30);
        Assert.Equal(40, rig.LastOf(Micro).Positions[0]);
    }

    [Fact]
    public void Offsets_that_could_not_be_stored_move_nothing_either()
    {
        Lead(2, 30);
        rig.DiskFails = true;
        rig.Apply(new RobotRequest.BindSlave(new SlaveBinding(Micro, SlaveKind.MicroPython, null, [new JointMapping(Pan, 10)]), false));
        rig.DiskFails = false;
        rig.Advance(1.01);
        rig.Master(Leader, 30);
        rig.Commands.Clear();
        rig.Master(Leader, 30);

        Assert.Equal(30, First(Micro));
    }

    [Fact]
    public void A_joint_nobody_ever_aimed_is_not_commanded()
    {
        var epoch = rig.Attach("script");
        rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, 40))));
        rig.Drive(2);
        Assert.Equal([40, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN], rig.LastOf(Micro).Positions);

        rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go(("gripper", 70))));
        rig.Drive(2);
        Assert.Equal([40, double.NaN, double.NaN, double.NaN, double.NaN, 70], rig.LastOf(Micro).Positions);
    }

    [Fact]
    public void A_joint_aimed_before_is_held_under_the_next_master()
    {
        var epoch = rig.Attach("one");
        rig.Accept(new RobotRequest.RemoteCommand("one", epoch, Rig.Go((Pan, 40))));
        rig.Drive(2);
        epoch = rig.Attach("two", takeover: true);
        rig.Accept(new RobotRequest.RemoteCommand("two", epoch, Rig.Go(("gripper", 70))));
        rig.Drive(2);

        Assert.Equal([40, double.NaN, double.NaN, double.NaN, double.NaN, 70], rig.LastOf(Micro).Positions);
    }

    private double First(string slave) => rig.Commands.First(command => command.Device == slave).Positions[0];

    private double Next(string slave)
    {
        rig.Commands.Clear();
        rig.Advance(0.01);
        rig.Master(Leader, 30);
        return First(slave);
    }

    private void Hold()
    {
        rig.Accept(new RobotRequest.Stop());
        rig.Accept(new RobotRequest.Reset());
        rig.Advance(0.01);
    }

    private void Report(string slave, double pan) => rig.Accept(new RobotRequest.SlaveReport(slave, [new("Rotation", pan)]));

    private void Lead(double seconds, double position)
    {
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        for (var step = 0; step < seconds * 100; step++)
        {
            rig.Advance(0.01);
            rig.Master(Leader, position);
        }
    }
}
