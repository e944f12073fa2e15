using Armada.Core.Robots;

namespace Armada.Tests.Pure.Domain;

/// <summary>Of who commands.</summary>
public sealed partial class HistoryProperties
{
    [Fact]
    public void At_most_one_master_lives_everyone_is_told_which_and_it_alone_locks_the_panel() => History.Check(history =>
    {
        string? living = null;
        var isManual = false;
        history.BeforeRestart = lost => (living, isManual) = lost ? (null, false) : (living, isManual);
        history.Rig.Watch = effect =>
        {
            if (effect is not RobotEvent note)
                return;
            switch (note.Kind)
            {
                case RobotEventKind.MasterLive:
                    Assert.True(living is null || living == note.Subject, $"{note.Subject} became master while {living} was");
                    living = note.Subject;
                    break;
                case RobotEventKind.MasterLost or RobotEventKind.MasterUnbound or RobotEventKind.MasterReplaced or RobotEventKind.MotionEnded:
                    Assert.True(living is null || living == note.Subject, $"{note.Subject} ended while {living} was master");
                    living = null;
                    break;
                case RobotEventKind.ManualBegan or RobotEventKind.ManualEnded:
                    Assert.NotEqual(isManual, note.Kind == RobotEventKind.ManualBegan);
                    isManual = !isManual;
                    break;
            }
        };
        history.AfterRequest = (request, refused) =>
        {
            if (request is RobotRequest.Manual)
                Assert.Equal(living is not null, refused?.Reason == RefusalReason.PanelLocked);
        };
        history.AfterStep = () =>
        {
            var robot = history.Rig.Snapshot;
            Assert.Equal(robot.Manual, isManual);
            if (robot.Master is { State: MasterState.Live } master)
                Assert.Equal(master.Name, living);
            else if (living is not null)
                Assert.Equal((living, MasterKind.Device, MasterState.Waiting), (robot.Master?.Name, robot.Master?.Kind, robot.Master?.State));
            Assert.False(robot is { Manual: true, Master.State: MasterState.Live }, "the panel and a master command at once");
        };
    });

    [Fact]
    public void A_programs_command_is_taken_from_the_holder_of_the_lease_alone() => History.Check(history =>
        history.AfterRequest = (request, refused) =>
        {
            var claim = request switch
            {
                RobotRequest.RemoteCommand command => (command.Name, command.Epoch),
                RobotRequest.RenewLease beat => (beat.Name, beat.Epoch),
                _ => default,
            };
            if (claim.Name is null)
                return;
            var master = history.Rig.Snapshot.Master;
            var holds = master is { Kind: MasterKind.Remote, State: MasterState.Live } && (master.Name, master.Epoch) == claim;
            if (refused is null)
                Assert.True(holds, $"{claim} was heard, while {master?.Name} is master under {master?.Epoch}");
            else
                Assert.Equal(!holds, refused.Reason == RefusalReason.NotMaster);
        });

    [Fact]
    public void After_a_stop_nothing_moves_before_somebody_asks_for_it() => History.Check(history =>
    {
        var (rig, commands, isAsleep) = (history.Rig, 0, false);
        history.AfterStep = () =>
        {
            isAsleep = rig.Core.IsStopped || (isAsleep && !history.IsFresh);
            if (isAsleep)
                Assert.Equal(commands, rig.Commands.Count);
            commands = rig.Commands.Count;
        };
    });

    [Fact]
    public void A_snapshot_says_what_the_document_says() => History.Check(history => history.AfterStep = () =>
    {
        var (core, robot) = (history.Rig.Core, history.Rig.Snapshot);
        Assert.Same(core.Document, robot.Document);
        Assert.Equal(core.Document.Master, robot.Master is { } master ? new MasterBinding(master.Name, master.Kind) : null);
        Assert.Equal(core.Document.Slaves, robot.Slaves.Select(slave => slave.Binding));
        Assert.Equal(core.Targets, robot.Slaves.Concat(robot.UnboundSlaves).Select(slave => slave.Binding));
        Assert.Equal(core.Targets.Length, core.Targets.Select(slave => slave.Name).Distinct().Count());
        Assert.Equal(core.IsStopped, robot.Stopped);
        foreach (var (joint, state) in core.Document.Model.Joints.Zip(robot.Joints))
            Assert.True(state.Virtual is null || (state.Virtual >= joint.Min && state.Virtual <= joint.Max), $"{joint.Name} at {state.Virtual}");
    });

    [Fact]
    public void After_all_of_it_a_program_can_take_the_robot() => History.Check(history => history.AfterEnd = () =>
    {
        var rig = history.Rig;
        rig.DiskFails = false;
        rig.Accept(new RobotRequest.FleetStop(false));
        rig.Accept(new RobotRequest.Reset());
        var epoch = rig.Attach("last", takeover: true);
        rig.Accept(new RobotRequest.JoinSlave("watcher"));
        rig.Accept(new RobotRequest.RemoteCommand("last", epoch, Rig.Go(("shoulder_pan", 20))));
        rig.Drive(5);

        Assert.Equal((20.0, epoch), (rig.LastOf("watcher").Positions[0], rig.LastOf("watcher").Stamp.Epoch));
    });
}
