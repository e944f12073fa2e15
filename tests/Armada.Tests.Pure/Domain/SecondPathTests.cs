using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Tests.Pure.Domain;

/// <summary>Devices whose samples come twice, each copy when its path brings it.</summary>
public sealed class SecondPathTests
{
    private const int Histories = 300;
    private const string Follower = Rig.Follower;
    private const string Leader = Rig.Leader;

    [Fact]
    public void Of_two_copies_in_any_interleaving_and_with_any_losses_one_counts_and_the_newest_wins()
    {
        for (var seed = 0; seed < Histories; seed++)
        {
            var random = new Random(seed);
            var gate = new EpochGate();
            var first = unchecked((uint)random.Next(-50, 50)); // Over the end of the numbers.
            var (came, newest) = (new HashSet<uint>(), -1);
            foreach (var index in Arrivals(random))
            {
                var sequence = unchecked(first + (uint)index);
                var expected = index > newest ? FrameResult.Accepted : came.Contains(sequence) ? FrameResult.Duplicate : FrameResult.OutOfOrder;

                Assert.Equal(expected, gate.Pass(new SampleStamp(3, sequence, index)));

                came.Add(sequence);
                newest = Math.Max(newest, index);
            }
        }
    }

    [Fact]
    public void A_copy_that_comes_two_seconds_late_is_still_known_and_an_older_one_passes_never()
    {
        var gate = new SequenceGate();
        for (var sequence = 0u; sequence < 3 * SequenceGate.Window; sequence++)
            Assert.Equal(FrameResult.Accepted, gate.Pass(sequence));

        Assert.Equal(FrameResult.Duplicate, gate.Pass((2 * SequenceGate.Window) + 1));
        Assert.Equal(FrameResult.OutOfOrder, gate.Pass(SequenceGate.Window));
        Assert.Equal(FrameResult.Accepted, gate.Pass(20 * SequenceGate.Window));
        Assert.Equal(FrameResult.OutOfOrder, gate.Pass((20 * SequenceGate.Window) - 5));
        Assert.Equal(FrameResult.Duplicate, gate.Pass((20 * SequenceGate.Window) - 5));
    }

    [Fact]
    public void Copies_move_nothing_and_neither_the_rate_nor_the_losses_know_of_them()
    {
        var rig = Rig.Routing();
        for (var frame = 0; frame < 250; frame++)
        {
            rig.Advance(0.01);
            var (leader, follower) = (rig.Next(Leader), rig.Next(Follower));
            rig.Slave(Follower, follower, rig.Pose(0));
            Assert.Equal(FrameResult.Accepted, rig.Master(leader, rig.Pose(frame / 100.0)));
            var commands = rig.Commands.Count;

            Assert.Equal(FrameResult.Duplicate, rig.Master(leader, rig.Pose(frame / 100.0)));
            Assert.Equal(FrameResult.Duplicate, rig.Slave(Follower, follower, rig.Pose(0)));
            Assert.Equal(commands, rig.Commands.Count);
        }

        var (master, slave) = (rig.Snapshot.Master!, rig.SlaveOf(Follower));
        Assert.InRange(master.FramesPerSecond, 95, 105);
        Assert.InRange(slave.FramesPerSecond, 95, 105);
        Assert.Equal((250, 250), (master.Frames[FrameResult.Duplicate], slave.Frames[FrameResult.Duplicate]));
        Assert.Equal((0, 0, 0), (master.Frames[FrameResult.OutOfOrder], master.Frames.Lost, slave.Frames.Lost));
    }

    [Fact]
    public void Copies_from_before_the_lease_that_come_late_neither_end_it_nor_make_anyone_approach()
    {
        var rig = new Rig();
        rig.Accept(new RobotRequest.BindSlave(Follower, false));
        rig.Accept(new RobotRequest.BindMaster(Leader, false));
        var idle = new List<(SampleStamp Leader, SampleStamp Follower)>();
        for (var frame = 0; frame < 30; frame++)
        {
            rig.Advance(0.01);
            idle.Add((new SampleStamp(0, (uint)frame + 1, rig.Now.Unix), new SampleStamp(0, (uint)frame + 1, rig.Now.Unix)));
            rig.Slave(Follower, idle[^1].Follower, rig.Pose(0));
            rig.Master(idle[^1].Leader, rig.Pose(0));
        }

        var sequence = (uint)idle.Count;
        Both();
        var (epoch, effects) = (rig.Epoch, rig.Effects.Count);
        foreach (var (leader, follower) in idle)
        {
            for (var frame = 0; frame < 5; frame++) // Longer, all in all, than the time after which an epoch is sent again.
                Both();
            Assert.Equal(FrameResult.StaleEpoch, rig.Master(leader, rig.Pose(0)));
            Assert.Equal(FrameResult.StaleEpoch, rig.Slave(Follower, follower, rig.Pose(0)));
        }

        Both();
        Assert.False(rig.LastOf(Follower).Stamp.Approach, "it approaches anew");
        Assert.Equal((epoch, MasterState.Live), (rig.Epoch, rig.MasterState!.Value));
        Assert.Empty(rig.Effects.Skip(effects));

        // As agents do, both go on counting under the epoch.
        void Both()
        {
            rig.Advance(0.01);
            rig.Slave(Follower, new SampleStamp(rig.Epoch, ++sequence, rig.Now.Unix), rig.Pose(0));
            rig.Master(new SampleStamp(rig.Epoch, sequence, rig.Now.Unix), rig.Pose(0));
        }
    }

    [Fact]
    public void A_device_that_restarts_is_told_from_a_late_copy()
    {
        var rig = Rig.Routing();
        rig.Stream(0.2, 0, 0);
        var epoch = rig.Epoch;
        rig.Advance(1.5);

        rig.Master(new SampleStamp(0, 1, rig.Now.Unix), rig.Pose(0));

        Assert.True(rig.Epoch > epoch, "a leader that has restarted gets an epoch of its own");
    }

    [Fact]
    public void A_short_loss_of_the_first_path_disturbs_nothing()
    {
        var rig = Rig.Routing();
        rig.Stream(1, 0, 0);
        var events = rig.Effects.Count;

        rig.LoseFirstPath(Follower);
        rig.LoseFirstPath(Leader);
        for (var frame = 0; frame < 80; frame++)
        {
            rig.Stream(0.01, 0, 0);
            rig.Tick();
            Assert.Equal(rig.Now, rig.LastOf(Follower).At);
            Assert.False(rig.LastOf(Follower).Stamp.Approach);
        }

        rig.Presence(Follower, online: true);
        rig.Presence(Leader, online: true);
        rig.Stream(2, 0, 0);
        rig.Tick();

        Assert.Equal((SlaveState.Live, MasterState.Live), (rig.SlaveOf(Follower).State, rig.MasterState!.Value));
        Assert.DoesNotContain(rig.Effects.Skip(events), effect => effect is RobotEvent);
    }

    [Fact]
    public void A_follower_that_no_stop_can_reach_is_commanded_for_a_second_at_most_and_again_when_one_can()
    {
        var rig = Rig.Routing();
        rig.Stream(1, 0, 0);
        rig.LoseFirstPath(Follower);
        var lost = rig.Now;
        for (var frame = 0; frame < 300; frame++)
        {
            rig.Stream(0.01, 0, 0);
            rig.Tick();
        }

        Assert.True(rig.LastOf(Follower).At.MicrosecondsSince(lost) <= 1_020_000, "it was commanded without control");
        Assert.Equal((SlaveState.Failed, "reached by its second path only, by which no stop comes"), (rig.SlaveOf(Follower).State, rig.SlaveOf(Follower).Reason));
        Assert.Equal(FrameResult.NoControl, rig.Slave(Follower, 0));

        rig.Presence(Follower, online: true);
        rig.Stream(0.01, 0, 0);

        Assert.Equal(SlaveState.Live, rig.SlaveOf(Follower).State);
        Assert.Equal((rig.Now, true), (rig.LastOf(Follower).At, rig.LastOf(Follower).Stamp.Approach));
    }

    [Fact]
    public void A_leader_goes_on_by_its_second_path_alone()
    {
        var rig = Rig.Routing();
        rig.Stream(1, 0, 0);
        var epoch = rig.Epoch;

        rig.LoseFirstPath(Leader);
        rig.Stream(5, 3, 0);

        Assert.Equal((epoch, MasterState.Live, rig.Now), (rig.Epoch, rig.MasterState!.Value, rig.LastOf(Follower).At));
    }

    [Fact]
    public void A_device_with_one_path_is_offline_at_once()
    {
        var rig = Rig.Routing();
        rig.Stream(1, 0, 0);

        rig.Presence(Follower, online: false);
        rig.Presence(Leader, online: false);

        Assert.Equal((SlaveState.Failed, MasterState.Lost), (rig.SlaveOf(Follower).State, rig.MasterState!.Value));
    }

    // Two paths, each in order, with losses, and stalls in which nothing comes by it.
    private static IEnumerable<int> Arrivals(Random random)
    {
        const int Frames = 400;
        int[] next = [0, 0];
        while (next[0] < Frames || next[1] < Frames)
        {
            var path = random.Next(2);
            for (var burst = random.Next(1, 60); burst > 0 && next[path] < Frames; burst--)
            {
                if (random.Next(5) > 0)
                    yield return next[path];
                next[path]++;
            }
        }
    }
}
