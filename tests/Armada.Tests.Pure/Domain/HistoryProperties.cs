using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Tests.Pure.Domain;

/// <summary>What holds of every robot, whatever happens to it.</summary>
public sealed partial class HistoryProperties
{
    [Fact]
    public void Never_two_masters_in_one_epoch() => History.Check(history =>
    {
        var holders = new Dictionary<uint, string>();
        history.Rig.Watch = effect =>
        {
            if (effect is not Effect.StartStream start || start.Device != history.Rig.Core.Document.Master?.Name)
                return;
            holders.TryAdd(start.Epoch, start.Device);
            Assert.Equal(holders[start.Epoch], start.Device);
        };
        history.AfterMasterFrame = (stamp, verdict) =>
        {
            if (verdict is FrameResult.Accepted or FrameResult.Stopped)
                Assert.Equal(holders[stamp.Epoch], history.Rig.Core.Document.Master?.Name);
        };
    });

    [Fact]
    public void A_stop_wins_until_it_is_reset() => History.Check(history =>
    {
        var rig = history.Rig;
        var commands = 0;
        history.AfterStep = () =>
        {
            if (rig.Core.IsStopped)
                Assert.Equal(commands, rig.Commands.Count);
            commands = rig.Commands.Count;
            Assert.True(rig.Core.IsStopped || !rig.FleetStopped, "the fleet is stopped and the robot is not");
            Assert.True(rig.Core.IsStopped || !rig.Durable.Stopped || rig.DiskFails, "a stored stop was forgotten");
        };
    });

    [Fact]
    public void An_epoch_never_goes_back_and_is_stored_before_it_is_used() => History.Check(history =>
    {
        var rig = history.Rig;
        var newest = 0u;
        var commands = 0;
        rig.Watch = effect =>
        {
            if (effect is Effect.StartStream start)
                Assert.Equal(rig.Durable.Epoch, start.Epoch);
        };
        history.AfterStep = () =>
        {
            Assert.True(rig.Durable.Epoch >= newest, "the stored epoch went back");
            newest = rig.Durable.Epoch;
            for (; commands < rig.Commands.Count; commands++)
                Assert.Equal(rig.Durable.Epoch, rig.Commands[commands].Stamp.Epoch);
        };
    });

    [Fact]
    public void No_frame_of_an_older_epoch_is_taken() => History.Check(history =>
        history.AfterMasterFrame = (stamp, verdict) =>
        {
            if (verdict is FrameResult.Accepted or FrameResult.Stopped)
                Assert.Equal(history.Rig.Durable.Epoch, stamp.Epoch);
        });

    [Fact]
    public void The_latest_frame_wins_and_none_is_reordered() => History.Check(history =>
    {
        var newest = new Dictionary<uint, uint>();
        history.AfterMasterFrame = (stamp, verdict) =>
        {
            if (verdict is not (FrameResult.Accepted or FrameResult.Stopped))
                return;
            Assert.True(stamp.Sequence > newest.GetValueOrDefault(stamp.Epoch), "an older or repeated frame was taken");
            newest[stamp.Epoch] = stamp.Sequence;
            foreach (var command in history.Rig.Commands.Where(command => command.At == history.Rig.Now))
                Assert.Equal(stamp.CapturedAt, command.Stamp.CapturedAt);
        };
        history.AfterStep = () => Assert.All(ByDevice(history.Rig), commands =>
        {
            var gate = new EpochGate();
            Assert.All(commands, command => Assert.Equal(FrameResult.Accepted, gate.Pass(command.Stamp)));
            Assert.Equal(0, gate.Lost);
        });
    });

    [Fact]
    public void After_all_of_it_a_robot_can_be_moved_again() => History.Check(history =>
    {
        history.AfterEnd = () =>
        {
            var rig = history.Rig;
            rig.DiskFails = false;
            rig.Accept(new RobotRequest.FleetStop(false));
            rig.Accept(new RobotRequest.Reset());
            rig.Accept(new RobotRequest.BindMaster(Rig.Leader, true));
            rig.Accept(new RobotRequest.BindSlave(Rig.Follower, true));
            rig.Accept(new RobotRequest.BindSlave(new SlaveBinding(Rig.Follower), true)); // No offsets.
            rig.Stream(5, leader: 20, follower: 0);

            var last = rig.Commands.Last(command => command.Device == Rig.Follower);
            Assert.Equal(rig.Now, last.At);
            Assert.Equal(rig.Pose(20), last.Positions);
        };
    });

    private static IEnumerable<IEnumerable<SentCommand>> ByDevice(Rig rig) =>
        rig.Commands.Where(command => command.Device.StartsWith("follower", StringComparison.Ordinal)).GroupBy(command => command.Device);
}
