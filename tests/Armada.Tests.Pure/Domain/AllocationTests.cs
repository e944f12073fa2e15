using Armada.Core.Motions;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Tests.Pure.Domain;

public sealed class AllocationTests
{
    // Long enough for the runtime to have compiled the loop for good: that allocates a little, once.
    private const int WarmUp = 30_000;
    private const int Measured = 10_000;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    [Fact]
    public void A_frame_in_steady_state_allocates_nothing()
    {
        var rig = Rig.Routing();
        AddOpenLoops(rig);
        rig.Stream(1, 0, 0);
        var master = rig.Next(Rig.Leader);
        var slave = rig.Next(Rig.Follower);
        var follower = rig.Core.FindSlave(Rig.Follower);
        var sink = new CountingSink();

        var allocated = Measure(rig, (core, frame, now) =>
        {
            Span<double> pose = stackalloc double[6];
            pose.Fill(frame % 40);
            slave = slave with { Sequence = slave.Sequence + 1, CapturedAt = now.Unix };
            master = master with { Sequence = master.Sequence + 1, CapturedAt = now.Unix };
            core.OnSlaveFrame(follower, slave, pose, now, out var bySlave);
            core.OnMasterFrame(master, pose, now, sink, out var byMaster);
            return ReferenceEquals(bySlave, Decision.Nothing) && ReferenceEquals(byMaster, Decision.Nothing)
                && ReferenceEquals(core.Tick(now, sink), Decision.Nothing);
        });

        Assert.Equal(0, allocated);
        Assert.Equal(3 * (WarmUp + Measured), sink.Commands);
    }

    [Fact]
    public void A_tick_of_a_motion_allocates_nothing()
    {
        var rig = new Rig();
        AddOpenLoops(rig);
        var back = new SequenceCommand(TimeSpan.FromSeconds(2), [new JointGoal("shoulder_pan", -40)], TimeSpan.FromSeconds(2));
        var there = new SequenceCommand(TimeSpan.Zero, [new JointGoal("shoulder_pan", 40)], TimeSpan.FromSeconds(2));
        var motion = new SequenceMotion(new Sequence("wave", "Wave", [there, back], true, TimeSpan.FromSeconds(4)));
        rig.Accept(new RobotRequest.Play(motion, true, false));
        var sink = new CountingSink();

        var allocated = Measure(rig, (core, _, now) => ReferenceEquals(core.Tick(now, sink), Decision.Nothing));

        Assert.Equal(0, allocated);
        Assert.True(sink.Commands > WarmUp + Measured, $"only {sink.Commands} commands");
    }

    [Fact]
    public void A_tick_towards_a_programs_goal_and_one_that_keeps_it_allocate_nothing()
    {
        var rig = new Rig();
        AddOpenLoops(rig);
        var epoch = rig.Attach("script");
        var goals = Rig.Go(("shoulder_pan", 100));
        rig.Accept(new RobotRequest.RemoteCommand("script", epoch, goals with { Goals = [goals.Goals[0] with { Speed = 0.4 }] }));
        var beat = new RobotRequest.RenewLease("script", epoch);
        var sink = new CountingSink();

        var allocated = Measure(rig, (core, _, now) =>
            ReferenceEquals(core.Apply(beat, now), Decision.Nothing) && ReferenceEquals(core.Tick(now, sink), Decision.Nothing));

        Assert.Equal(0, allocated);
        Assert.Equal(100, rig.Core.Snapshot(rig.Now.Plus(Step * (WarmUp + Measured))).Joints[0].Virtual);
        Assert.True(sink.Commands > WarmUp, $"only {sink.Commands} commands");
    }

    private static void AddOpenLoops(Rig rig)
    {
        rig.Accept(new RobotRequest.BindSlave(new SlaveBinding("micro", SlaveKind.MicroPython, null, [new JointMapping("shoulder_pan", 3)]), false));
        rig.Accept(new RobotRequest.JoinSlave("guest"));
    }

    private static long Measure(Rig rig, Func<RobotCore, int, Timestamp, bool> step)
    {
        var now = rig.Now;
        Run(rig.Core, step, ref now, WarmUp);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(rig.Core, step, ref now, Measured);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void Run(RobotCore core, Func<RobotCore, int, Timestamp, bool> step, ref Timestamp now, int steps)
    {
        for (var index = 0; index < steps; index++)
        {
            now = now.Plus(Step);
            if (!step(core, index, now))
                throw new InvalidOperationException("not in steady state");
        }
    }

    private sealed class CountingSink : ICommandSink
    {
        public int Commands { get; private set; }

        public void Command(int slave, in SampleStamp stamp, ReadOnlySpan<double> positions) => Commands++;
    }
}
