using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Devices.ServoBus;
using Armada.Emulators.Bus;
using Armada.Testing;
using Armada.Tests.Agent.Kit;

namespace Armada.Tests.Agent.OverMqtt;

public sealed class FollowerTests() : AgentBench("follower-1", TestArm.Follower())
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    // Within a step of the servo and its sag under the arm's weight.
    private const double Near = 3;

    private double[] wanted = [];

    [Fact]
    public async Task It_takes_the_pose_commanded_and_echoes_the_command()
    {
        await using var stream = await Follow(pan: 30);
        await Tracks(0, 30);
        await Shows("what the network costs", presence => presence.Playout is { DelayMs: > 0, Summary: var words } && words.StartsWith("network +", StringComparison.Ordinal));
        await Silo.Hears(Device, "an echo of a recent command", state => state.Echo is { Sequence: > 10, HeldMicros: < 1_000_000 });
        Assert.Equal(Epoch, Silo.State(Device)!.Header.Epoch);
        Assert.True(Count("commands.applied") > 10, "commands are not counted");
    }

    [Fact]
    public async Task It_approaches_slowly_before_it_tracks()
    {
        var since = Arm.Bus.Journal.Count;
        await using var stream = await Follow(pan: 60);
        await Shows("that it approaches", DeviceShows("approaching"));
        await Tracks(0, 60);
        await Shows("that it tracks", DeviceShows("tracking"));
        var first = PanGoals(since)[0];
        var last = PanGoals(since)[^1];
        var seconds = (last.Timestamp - first.Timestamp) / (double)TimeProvider.System.TimestampFrequency;
        // 48 degrees at 45 degrees a second.
        Assert.True(seconds > 0.9, $"the first pose was reached within {seconds:0.00} s");
    }

    [Fact]
    public async Task Without_commands_it_holds_within_300_ms_and_goes_on_when_they_come_back()
    {
        await using (await Follow(pan: 60))
            await Shows("that it approaches", DeviceShows("approaching"));
        var ended = TimeProvider.System.GetTimestamp();
        await Shows("that it holds", DeviceShows("holding"));
        var goals = PanGoals(0);
        var held = goals[^1].Goal;
        var lastMove = goals.Last(goal => goal.Goal != held).Timestamp;
        var seconds = (lastMove - ended) / (double)TimeProvider.System.TimestampFrequency;
        Assert.True(seconds < 0.4, $"the goal still moved {seconds:0.000} s after the last command");
        await using var again = Silo.Stream(Device, Epoch, () => wanted);
        await Tracks(0, 60);
    }

    [Fact]
    public async Task Commands_before_stream_start_of_older_epochs_doubled_overtaken_or_old_are_dropped_and_counted()
    {
        var here = Arm.Pose();
        Silo.Command(Device, Epoch, here);
        await Counts("dropped.awaiting-epoch", 1);
        await StartStream();
        Silo.Command(Device, Epoch - 1, here);
        await Counts("dropped.stale-epoch", 1);
        Silo.Command(Device, Epoch, here, sequence: 100);
        Silo.Command(Device, Epoch, here, sequence: 100);
        Silo.Command(Device, Epoch, here, sequence: 99);
        await Counts("dropped.duplicate", 1);
        await Counts("dropped.out-of-order", 1);
        Silo.Command(Device, Epoch, here, sequence: 101, age: TimeSpan.FromMilliseconds(-20));
        Silo.Command(Device, Epoch, here, sequence: 103, age: TimeSpan.FromMilliseconds(290), ttl: 250);
        await Counts("lost", 1);
        Silo.Command(Device, Epoch, here.AsSpan(0, 5), sequence: 104);
        await Counts("dropped.wrong-joints", 1);
        Assert.False((await Silo.Ask(Device, ControlOp.StreamStart, Epoch - 1)).Ok, "an epoch that is over was begun again");
    }

    [Fact]
    public async Task A_masters_clock_that_jumps_does_not_hold_it_up()
    {
        await StartStream();
        wanted = [.. Arm.Pose()];
        var age = TimeSpan.Zero;
        await using var stream = new ScriptedSilo.Streaming(() => Silo.Command(Device, Epoch, wanted, age: age));
        await Shows("that it tracks", DeviceShows("tracking"));
        foreach (var jump in new[] { TimeSpan.FromHours(1), TimeSpan.FromHours(-1) })
        {
            var before = Count("commands.applied");
            age = jump;
            await Eventually.Holds($"commands are applied after a jump of {jump}", () => Count("commands.applied") > before + 20);
            Assert.Equal("tracking", Agent[Device].Presence().State);
        }
    }

    [Fact]
    public async Task Malformed_frames_are_counted_and_harm_nothing()
    {
        await using var stream = await Follow(pan: 20);
        Silo.Raw(Device, [1, 2, 3]);
        Silo.Raw(Device, [9, .. new byte[40]]);
        Silo.Raw(Device, [1, 1, 1, 0, .. new byte[20], 0, 0]);
        await Counts("malformed", 3);
        await Tracks(0, 20);
    }

    [Theory, Trait("Category", "Timed")]
    [InlineData("the agent's own stop", true)]
    [InlineData("a stop of the silo's", true)]
    [InlineData("a takeover", true)]
    [InlineData("the end of its robot", true)]
    [InlineData("the watchdog", false)]
    public async Task A_hold_is_on_the_bus_at_once_and_nothing_is_pulled_back(string why, bool isStop)
    {
        var start = Arm.Joint(0);
        var stream = await Follow(pan: 60);
        await Eventually.Holds("it moves", () => Arm.Joint(0) > start + 10);
        var (begun, peak) = (TimeProvider.System.GetTimestamp(), 0.0);
        switch (why)
        {
            case "the agent's own stop":
                Agent.Stop.Latch();
                break;
            case "a stop of the silo's":
                await Silo.Ask(Device, ControlOp.Stop);
                break;
            case "a takeover":
                await StartStream(Epoch + 1);
                break;
            case "the end of its robot":
                await Silo.Ask(Device, ControlOp.StreamStop, Epoch);
                break;
        }

        await stream.DisposeAsync();

        await Eventually.Holds("it holds", () =>
        {
            peak = Math.Max(peak, Arm.Joint(0));
            return PanGoals(0) is var goals && goals[^1].Goal == goals[^4].Goal;
        });

        var held = PanGoals(0).First(goal => goal.Goal == PanGoals(0)[^1].Goal).Timestamp;
        var milliseconds = TimeProvider.System.GetElapsedTime(begun, held).TotalMilliseconds;
        // 1° and 20 ms by design; the rest is for a machine that lets the loop wait between its read and its write.
        Assert.True(peak - Arm.Joint(0) < 1 + 2, $"the arm was pulled back from {peak:0.0} to {Arm.Joint(0):0.0}");
        Assert.True(!isStop || milliseconds < 20 + 60, $"the hold was written {milliseconds:0} ms after the stop was asked");
    }

    [Fact]
    public async Task A_stop_does_not_drop_what_the_gripper_holds()
    {
        const int gripper = 5;
        await StartStream();
        wanted = [.. Arm.Pose()];
        wanted[gripper] = 60;
        await using var stream = Silo.Stream(Device, Epoch, () => wanted);
        await Tracks(gripper, 60);
        // Something that fills the jaws from 40 percent on.
        var joint = Arm.Bus.Arm.Joints[gripper];
        Arm.Bus.Arm.Block(joint.Id, joint.ToSteps(40), joint.Maximum);
        wanted[gripper] = 0;
        await Eventually.Holds("it squeezes", () =>
            Grip() > 100 && Arm.Joint(gripper) < 41 && Arm.Bus.Arm.Read(joint.Id, Sts3215.GoalPosition) < joint.ToSteps(10));
        Agent.Stop.Latch();
        await Shows("that it is stopped", DeviceShows("stopped"));
        await Eventually.Holds("its goal is where it holds", () => Arm.Bus.Arm.Read(joint.Id, Sts3215.GoalPosition) > joint.ToSteps(38));
        Assert.InRange(Grip(), 100, 1000);

        int Grip() => Math.Abs(Arm.Bus.Arm.Read(joint.Id, Sts3215.PresentLoad));
    }

    [Fact]
    public async Task A_stop_of_the_silos_holds_it_until_a_reset_of_the_silos()
    {
        await using var stream = await Follow(pan: 60);
        await Shows("that it approaches", DeviceShows("approaching"));
        Assert.True((await Silo.Ask(Device, ControlOp.Stop)).Ok, "the stop was refused");
        await Shows("that it is stopped", DeviceShows("stopped"));
        await Counts("dropped.stopped", 5);
        Assert.True(Arm.HasTorque(1), "a stop dropped the arm");
        Agent.Stop.Latch();
        Agent.Stop.Release();
        var since = Arm.Bus.Journal.Count;
        await Counts("dropped.stopped", 50);
        Assert.Single(PanGoals(since).Select(goal => goal.Goal).Distinct());
        await Silo.Ask(Device, ControlOp.Reset);
        await Tracks(0, 60);
    }

    [Fact]
    public async Task The_agents_own_stop_is_not_released_by_the_silo()
    {
        await using var stream = await Follow(pan: 60);
        Agent.Stop.Latch();
        await Shows("that it is stopped", DeviceShows("stopped"));
        await Silo.Ask(Device, ControlOp.Reset);
        await Counts("dropped.stopped", 20);
        Assert.Equal("stopped", Agent[Device].Presence().State);
        Agent.Stop.Release();
        await Tracks(0, 60);
    }

    [Fact]
    public async Task A_cable_pulled_and_put_back_is_told_and_got_over()
    {
        await using var stream = await Follow(pan: 20);
        await Tracks(0, 20);
        Arm.Bus.Unplug();
        await Shows("the port that is gone", presence => presence.Faults!.Any(fault => fault.Contains(Arm.Port, StringComparison.Ordinal)));
        wanted[0] = 40;
        Arm.Bus.Replug();
        await Tracks(0, 40);
        await Shows("no fault", presence => presence.Faults!.Count == 0);
    }

    [Fact]
    public async Task One_silent_servo_is_named_and_the_others_go_on()
    {
        await using var stream = await Follow(pan: 20);
        await Tracks(0, 20);
        Arm.Bus.Faults.Silence(4);
        await Shows("the silent joint", presence => presence.Faults!.Any(fault => fault.Contains("wrist_flex", StringComparison.Ordinal)));
        await Silo.Hears(Device, "no reading of it, with the fault flag", state =>
            double.IsNaN(state.Positions[3]) && (state.Header.Flags & FrameFlags.Fault) != 0);
        wanted[0] = 0;
        await Tracks(0, 0);
        Arm.Bus.Faults.Silence(4, silent: false);
        await Shows("no fault", presence => presence.Faults!.Count == 0);
    }

    [Fact]
    public async Task After_a_power_dip_it_starts_again_from_where_it_stands()
    {
        await using var stream = await Follow(pan: 40);
        await Tracks(0, 40);
        var since = Arm.Bus.Journal.Count;
        Arm.Bus.Arm.PowerDip();
        await Eventually.Holds("torque is put on again", () => Written(since).Any(write => write.Of(Sts3215.TorqueEnable) == 1));
        var goal = Written(since).TakeWhile(write => write.Of(Sts3215.TorqueEnable) != 1).Last(write => write.Of(Sts3215.GoalPosition) is not null);
        Assert.Equal(Instruction.Write, goal.Instruction);
        await Tracks(0, 40);
    }

    [Fact]
    public async Task A_latched_overload_is_named_and_recovers_by_itself_while_the_other_joints_go_on()
    {
        await using var stream = await Follow(pan: 20);
        await Tracks(0, 20);
        var since = Arm.Bus.Journal.Count;
        Arm.Bus.Arm.TripOverload(6);
        await Shows("the overload", presence => presence.Faults!.Any(fault => fault.Contains("gripper (servo 6) is overloaded", StringComparison.Ordinal)));
        wanted[0] = 40;
        await Tracks(0, 40);
        await Shows("no fault", presence => presence is { State: "tracking", Faults.Count: 0 });
        Assert.True(Arm.HasTorque(6), "the gripper has no torque");
        Assert.DoesNotContain(Arm.Bus.Journal.Since(since), write => write.Id != 6 && write.Of(Sts3215.TorqueEnable) is not null);
        wanted[5] = 60;
        await Tracks(5, 60);
    }

    [Fact]
    public async Task A_joint_recovers_when_it_is_asked_to_and_says_why_where_it_cannot()
    {
        Arm.Bus.Arm.TripOverload(6);
        await Shows("the overload", presence => presence.Faults!.Count > 0);
        Assert.Contains("no joint 'thumb'", (await Silo.Ask(Device, ControlOp.Recover, joint: "thumb")).Error, StringComparison.Ordinal);
        Agent.Stop.Latch();
        await Shows("that it is stopped", DeviceShows("stopped"));
        Assert.Contains("reset its stop first", (await Silo.Ask(Device, ControlOp.Recover, joint: "gripper")).Error, StringComparison.Ordinal);
        Agent.Stop.Release();
        await Shows("that it holds", DeviceShows("holding"));
        Assert.True((await Silo.Ask(Device, ControlOp.Recover, joint: "gripper")).Ok, "recover was refused");
        await Shows("no fault", presence => presence.Faults!.Count == 0);
    }

    [Fact]
    public async Task A_gripper_that_closes_on_something_is_eased_and_opens_again_with_all_its_force()
    {
        await using var stream = await Follow(pan: 20);
        var calibration = Arm.Bus.Arm.Joints[5];
        wanted[5] = 60;
        await Tracks(5, 60);
        Arm.Bus.Arm.Block(6, calibration.ToSteps(40), calibration.Maximum);
        wanted[5] = 0;
        await Eventually.Holds("its torque is limited", () => Arm.Bus.Arm.Read(6, Sts3215.TorqueLimit) == 225);
        wanted[5] = 80;
        await Tracks(5, 80);
        await Eventually.Holds("its torque is as before", () => Arm.Bus.Arm.Read(6, Sts3215.TorqueLimit) == 500);
        Assert.Empty(Arm.Bus.Journal.Since().Where(write => write.Id == 6).Select(write => write.Of(Sts3215.TorqueEnable)).Where(on => on == 0).Skip(1));
    }

    [Fact]
    public async Task Torque_that_is_switched_off_and_on_holds_the_arm_where_it_stands()
    {
        Assert.True((await Silo.Ask(Device, ControlOp.Torque, on: false)).Ok, "torque off was refused");
        await Silo.Hears(Device, "that torque is off", state => (state.Header.Flags & FrameFlags.TorqueOn) == 0);
        Assert.Equal("torque-off", Agent[Device].Presence().State);
        Assert.True((await Silo.Ask(Device, ControlOp.Torque, on: true)).Ok, "torque on was refused");
        await Shows("that it holds", DeviceShows("holding"));
        Assert.True(Arm.HasTorque(6), "the gripper has no torque");
    }

    [Fact]
    public async Task It_shows_which_arm_it_is_by_a_small_move_that_ends_where_it_began()
    {
        var since = Arm.Bus.Journal.Count;
        Assert.True((await Silo.Ask(Device, ControlOp.Identify)).Ok, "identify was refused");
        await Eventually.Holds(
            () => $"it moves and holds again; its wrist had {Goals(since, 5).Distinct().Count()} goals and it shows {Agent[Device].Presence()} with faults [{string.Join("; ", Agent[Device].Presence().Faults ?? [])}]",
            () => Count("ticks") > 0 && Agent[Device].Presence().State == "holding" && Goals(since, 5).Distinct().Count() > 10);
        var goals = Goals(since, 5);
        Assert.InRange(goals.Max() - goals.Min(), 40, 80);
        Assert.False((await Silo.Ask(Device, ControlOp.Calibrate)).Ok, "calibrate was said to be done");
    }

    [Fact]
    public async Task Its_loop_allocates_nothing()
    {
        await using var stream = await Follow(pan: 20);
        await Tracks(0, 20);
        Assert.InRange(await Agent.AllocatesOverHundredStates(Device), 0, 500);
    }

    [Fact]
    public async Task A_new_epoch_is_approached_anew()
    {
        await using (await Follow(pan: 20))
            await Shows("that it tracks", DeviceShows("tracking"));
        await StartStream(Epoch + 1);
        wanted[0] = 60;
        await using var stream = Silo.Stream(Device, Epoch + 1, () => wanted);
        await Shows("that it approaches", DeviceShows("approaching"));
        await Tracks(0, 60);
    }

    [Fact]
    public async Task A_failure_of_its_loop_takes_all_torque_and_is_got_over()
    {
        Logs.Expect(3002);
        var failed = false;
        var since = Arm.Bus.Journal.Count;
        Agent[Device].AddSink((in FrameHeader _, ReadOnlySpan<double> _, FrameEcho? _) =>
        {
            if (failed)
                return;
            failed = true;
            throw new InvalidOperationException("made by the test");
        });
        await Eventually.Holds("all torque goes in one write", () => Arm.Bus.Journal.Since(since).Any(write => write.IsTorqueOffForAll));
        await Shows("that it holds again", presence => presence is { State: "holding", Faults.Count: 0 } && presence.Counters!["loop.faults"] == 1);
        Assert.True(Arm.HasTorque(1), "the arm has no torque after its loop began again");
    }

    [Fact]
    public async Task Torque_that_was_taken_stays_off_when_the_cable_is_put_back()
    {
        Assert.True((await Silo.Ask(Device, ControlOp.Torque, on: false)).Ok, "torque off was refused");
        var since = Arm.Bus.Journal.Count;
        await using var stream = await Follow(pan: 30);
        Arm.Bus.Unplug();
        await Shows("that it is not running", DeviceShows("missing"));
        Arm.Bus.Replug();
        await Shows("that its torque is off", DeviceShows("torque-off"));
        await Counts("commands.applied", 0);
        Assert.DoesNotContain(Arm.Bus.Journal.Since(since), write => write.Of(Sts3215.GoalPosition) is not null || write.Of(Sts3215.TorqueEnable) > 0);
        Assert.All(Enumerable.Range(1, 6), id => Assert.False(Arm.HasTorque((byte)id), $"servo {id} has torque"));
    }

    [Fact]
    public async Task Broker_killed_and_started_again_it_holds_and_goes_on()
    {
        await using var stream = await Follow(pan: 20);
        await Tracks(0, 20);
        await Broker.KillAsync();
        await Eventually.Holds("it holds without the broker", () => Agent[Device].Presence().State == "holding");
        wanted[0] = 40;
        await Broker.RestartAsync();
        await Tracks(0, 40);
    }

    [Fact]
    public async Task At_a_clean_end_it_holds_where_it_stands_says_that_torque_stays_on_and_says_goodbye()
    {
        await using (await Follow(pan: 60))
            await Shows("that it approaches", DeviceShows("approaching"));
        await Agent.StopAsync();
        var held = Arm.Pose();
        Assert.All(Enumerable.Range(1, 6), id => Assert.True(Arm.HasTorque((byte)id), $"servo {id} has no torque"));
        Assert.Contains("torque stays on", Assert.Single(Logs.Of(3024)).Message, StringComparison.Ordinal);
        Assert.InRange(held[0] - Arm.Bus.Arm.Joints[0].FromSteps(PanGoals(0)[^1].Goal), -2, 2);
        await Shows("that it is offline", presence => !presence.Online);
    }

    private async Task<ScriptedSilo.Streaming> Follow(double pan)
    {
        await StartStream();
        wanted = [.. Arm.Pose()];
        wanted[0] = pan;
        return Silo.Stream(Device, Epoch, () => wanted);
    }

    private Task Tracks(int joint, double at) => Eventually.Holds(
        () => $"joint {joint} comes to {at}; it is at {Arm.Joint(joint):0.0}, {Agent[Device].Presence()}",
        () => Math.Abs(Arm.Joint(joint) - at) < Near,
        Long);

    private Task Shows(string what, Func<Presence, bool> wantedPresence) => Silo.Shows(Device, what, wantedPresence);

    private static Func<Presence, bool> DeviceShows(string state) => presence => presence.State == state;

    private Task Counts(string counter, long least) => Eventually.Holds(
        () => $"{counter} counts {least}; it counts {Count(counter)}", () => Count(counter) >= least);

    private List<(long Timestamp, int Goal)> PanGoals(long since) =>
        [.. Arm.Bus.Journal.Since(since)
            .Where(write => write is { Id: 1, Instruction: Instruction.SyncWrite } && write.Of(Sts3215.GoalPosition) is not null)
            .Select(write => (write.Timestamp, write.Of(Sts3215.GoalPosition)!.Value))];

    private IEnumerable<RegisterWrite> Written(long since) => Arm.Bus.Journal.Since(since).Where(write => write.Id == 1);

    private List<int> Goals(long since, byte id) =>
        [.. Arm.Bus.Journal.Since(since).Where(write => write.Id == id).Select(write => write.Of(Sts3215.GoalPosition)).OfType<int>()];
}
