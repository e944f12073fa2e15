using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Emulators.Arms;
using Armada.Testing;
using Armada.Tests.Agent.Kit;

namespace Armada.Tests.Agent.OverMqtt;

public sealed class LeaderTests() : AgentBench("leader-1", TestArm.Leader(new WavingHand()))
{
    [Fact]
    public async Task Before_it_is_asked_it_sends_keep_alives_without_an_epoch()
    {
        await Silo.Hears(Device, "a keep-alive", state => (state.Header.Flags & FrameFlags.KeepAlive) != 0 && state.Header.Epoch == 0);
        var first = Silo.State(Device)!.Header;
        await Silo.Hears(Device, "eleven more", state => state.Header.Sequence >= first.Sequence + 11);
        var seconds = (Silo.State(Device)!.Header.CapturedAt - first.CapturedAt) / 1e6;
        Assert.InRange(seconds, 0.5, 3.0); // About ten a second, not a hundred, also on a machine that is busy.
    }

    [Fact]
    public async Task Asked_to_stream_it_sends_its_pose_a_hundred_times_a_second_under_the_epoch()
    {
        await StartStream();
        await Silo.Hears(Device, "states of the epoch", state => state.Header.Epoch == Epoch && (state.Header.Flags & FrameFlags.KeepAlive) == 0);
        var (ticks, published) = (Count("ticks"), Count("states.published"));
        await Eventually.Holds("of fifty ticks in a row nearly all are sent, once the arm moves", () =>
        {
            if (Count("ticks") < ticks + 50)
                return false;
            var sent = Count("states.published") - published;
            (ticks, published) = (Count("ticks"), Count("states.published"));
            return sent >= 40;
        });
        Assert.True(Math.Abs(Silo.State(Device)!.Positions[0] - Arm.Joint(0)) < 10, "the pose sent is not the arm's");
        Assert.False(Arm.HasTorque(1), "a leader has torque");
        Assert.True((await Silo.Ask(Device, ControlOp.StreamStop, Epoch)).Ok, "stream-stop was refused");
        await Silo.Hears(Device, "keep-alives of no epoch", state => state.Header.Epoch == 0);
    }

    [Fact]
    public async Task It_sends_no_more_often_than_asked()
    {
        Assert.True((await Silo.Ask(Device, ControlOp.StreamStart, Epoch, rate: 20)).Ok, "stream-start was refused");
        await Silo.Hears(Device, "states of the epoch", state => state.Header.Epoch == Epoch);
        var first = Silo.State(Device)!.Header;
        await Silo.Hears(Device, "forty more", state => state.Header.Sequence >= first.Sequence + 40);
        var last = Silo.State(Device)!.Header;
        var rate = (last.Sequence - first.Sequence) * 1e6 / (last.CapturedAt - first.CapturedAt);
        Assert.InRange(rate, 8, 22);
    }

    [Fact]
    public async Task Its_sequence_goes_on_over_epochs()
    {
        await StartStream();
        await Silo.Hears(Device, "states of the epoch", state => state.Header.Epoch == Epoch);
        var before = Silo.State(Device)!.Header.Sequence;
        await StartStream(Epoch + 1);
        await Silo.Hears(Device, "states of the new epoch", state => state.Header.Epoch == Epoch + 1 && state.Header.Sequence > before);
    }

    [Fact]
    public async Task A_silent_servo_is_named_and_the_others_are_still_read()
    {
        Arm.Bus.Faults.Silence(2);
        await Silo.Shows(Device, "the silent joint", presence => presence.Faults!.Any(fault => fault.Contains("shoulder_lift", StringComparison.Ordinal)));
        await Silo.Hears(Device, "five readings", state => double.IsNaN(state.Positions[1]) && state.Positions.Count(double.IsFinite) == 5);
    }

    [Fact]
    public async Task Under_the_agents_own_stop_it_falls_silent()
    {
        await StartStream();
        Agent.Stop.Latch();
        await Silo.Shows(Device, "that it is stopped", presence => presence.State == "stopped");
        var last = Count("states.published");
        var ticks = Count("ticks");
        await Eventually.Holds("fifty ticks go by", () => Count("ticks") >= ticks + 50);
        Assert.Equal(last, Count("states.published"));
        Agent.Stop.Release();
        await Eventually.Holds("it sends again", () => Count("states.published") > last);
    }

    [Fact]
    public async Task It_refuses_torque_and_says_why()
    {
        var reply = await Silo.Ask(Device, ControlOp.Torque, on: true);
        Assert.False(reply.Ok, "a leader took torque");
        Assert.Contains("leader", reply.Error, StringComparison.Ordinal);
    }
}
