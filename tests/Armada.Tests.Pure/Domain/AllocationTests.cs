using Armada.Domain.Robots;
using Armada.Domain.Routing;
using Armada.Domain.Time;

namespace Armada.Tests.Pure.Domain;

public sealed class AllocationTests
{
    [Fact]
    public void A_frame_in_steady_state_allocates_nothing()
    {
        var rig = Rig.Routing();
        rig.Stream(1, 0, 0);
        var sink = new CountingSink();
        var master = rig.Next(Rig.Leader);
        var slave = rig.Next(Rig.Follower);
        Span<double> pose = stackalloc double[6];
        var now = rig.Now;
        // Long enough for the runtime to have compiled the loop for good: that allocates a little, once.
        Play(rig.Core, sink, ref master, ref slave, ref now, pose, frames: 30_000);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Play(rig.Core, sink, ref master, ref slave, ref now, pose, frames: 10_000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        Assert.Equal(40_000, sink.Commands);
    }

    private static void Play(
        RobotCore core, CountingSink sink, ref SampleStamp master, ref SampleStamp slave, ref Moment now, Span<double> pose, int frames)
    {
        for (var frame = 0; frame < frames; frame++)
        {
            now = now.Plus(TimeSpan.FromMilliseconds(10));
            pose.Fill(frame % 40);
            slave = slave with { Sequence = slave.Sequence + 1, CapturedAt = now.Unix };
            master = master with { Sequence = master.Sequence + 1, CapturedAt = now.Unix };
            core.OnSlaveFrame(0, slave, pose, now, out var bySlave);
            core.OnMasterFrame(master, pose, now, sink, out var byMaster);
            if (!ReferenceEquals(bySlave, Decision.Nothing) || !ReferenceEquals(byMaster, Decision.Nothing)
                || !ReferenceEquals(core.Tick(now, sink), Decision.Nothing))
                throw new InvalidOperationException("not in steady state");
        }
    }

    private sealed class CountingSink : ICommandSink
    {
        public int Commands { get; private set; }

        public void Command(int slave, in SampleStamp stamp, ReadOnlySpan<double> positions) => Commands++;
    }
}
