using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Tests.Pure.Domain;

/// <summary>Every kind of master through the robot and the follower's playout, at 30 degrees a second.</summary>
public sealed class PlayedMastersTests
{
    private const double Speed = 30;
    private const double From = -60;
    private const double To = 60;
    private const string Pan = "shoulder_pan";

    private readonly Rig rig = new();
    private readonly Playout playout = new(RobotModels.So101.Joints, PlayoutMode.Quick);
    private readonly ControlLaw law = new(RobotModels.So101.Joints, RobotTiming.Default, TimeSpan.FromMilliseconds(10));
    private readonly List<double> goals = [];

    public enum Master
    {
        Device,
        Batches, // Of five samples.
        Board,
        Program,
        Sequence,
    }

    public PlayedMastersTests()
    {
        law.HoldAt(rig.Pose(From));
        rig.Watch = effect =>
        {
            if (effect is Effect.StartStream { Device: Rig.Follower } start)
                playout.Watchdog = SourceRate.Watchdog(start.RateHz);
        };
        rig.WatchCommand = (_, command) => playout.Add(command.Stamp, command.Positions, rig.Now);
        rig.Accept(new RobotRequest.BindSlave(Rig.Follower, false));
        rig.Slave(Rig.Follower, From);
    }

    [Theory]
    [InlineData(Master.Device, 100)]
    [InlineData(Master.Device, 20)]
    [InlineData(Master.Device, 10)]
    [InlineData(Master.Device, 5)]
    [InlineData(Master.Device, 3)]
    [InlineData(Master.Batches, 100)]
    [InlineData(Master.Board, 50)]
    [InlineData(Master.Board, 20)]
    [InlineData(Master.Board, 10)]
    [InlineData(Master.Board, 5)]
    [InlineData(Master.Board, 3)]
    [InlineData(Master.Program, 50)]
    [InlineData(Master.Program, 20)]
    [InlineData(Master.Program, 10)]
    [InlineData(Master.Program, 5)]
    [InlineData(Master.Program, 3)]
    [InlineData(Master.Sequence, 100)]
    public void Its_follower_neither_stands_still_nor_dashes(Master master, int hz)
    {
        Begin(master);
        var epoch = rig.Epoch;
        for (var tick = 0; tick < 1400; tick++)
        {
            rig.Advance(0.005);
            if (tick % 2 == 0)
                rig.Tick();
            if (tick % 4 == 0)
                rig.Slave(Rig.Follower, law.Goals[0]);
            if ((tick + 1) * hz / 200 > tick * hz / 200)
                Send(master, tick * 0.005, tick * hz / 200, epoch);
            Play();
        }

        var moving = goals[400..900]; // From a second after its beginning to half a second before its end.
        var (still, longest, peak) = (0, 0, 0.0);
        for (var tick = 4; tick < moving.Count; tick++)
        {
            still = moving[tick] - moving[tick - 1] > 0.01 ? 0 : still + 1;
            longest = Math.Max(longest, still);
            peak = Math.Max(peak, (moving[tick] - moving[tick - 4]) / 0.02);
        }

        Assert.True(longest * 5 <= 35, $"it stood still for {longest * 5} ms");
        Assert.True(peak < 1.5 * Speed, $"its peak was {peak:0} degrees a second");
        Assert.Equal(To, goals[^1], 0.1);
    }

    private void Begin(Master master)
    {
        switch (master)
        {
            case Master.Program:
                rig.Attach("script");
                break;
            case Master.Sequence:
                break;
            default:
                rig.Accept(new RobotRequest.BindMaster(Rig.Leader, false));
                break;
        }
    }

    private void Send(Master master, double time, int number, uint epoch)
    {
        var at = Math.Clamp(From + (Speed * (time - 1)), From, To);
        switch (master)
        {
            case Master.Device:
                rig.Master(rig.Next(Rig.Leader), rig.Pose(at));
                break;
            case Master.Batches when number % 5 == 4:
                for (var sample = 4; sample >= 0; sample--)
                {
                    var then = Math.Clamp(From + (Speed * (time - 1 - (0.01 * sample))), From, To);
                    rig.Master(rig.Next(Rig.Leader) with { CapturedAt = rig.Now.Unix - (10_000 * sample) }, rig.Pose(then));
                }

                break;
            case Master.Board:
                rig.Master(new SampleStamp(0, 0, rig.Now.Unix, Unfenced: true), rig.Pose(at));
                break;
            case Master.Program:
                rig.Accept(new RobotRequest.RemoteCommand("script", epoch, Rig.Go((Pan, at))));
                break;
            case Master.Sequence when number == 100:
                rig.Accept(new RobotRequest.Play(new TestMotion(From, To, (To - From) / Speed), false, false));
                break;
        }
    }

    private void Play()
    {
        Span<double> pose = stackalloc double[rig.Joints];
        var state = playout.Play(rig.Now, pose, out var moment);
        if (state == PlayoutState.Playing)
            law.Command(pose, moment.At, moment.Approach, rig.Now, moment.Rate);
        if (state != PlayoutState.Paused)
            law.Step(rig.Now);
        goals.Add(law.Goals[0]);
    }
}
