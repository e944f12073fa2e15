using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Follower;
using Armada.EdgeAgent.Stops;

namespace Armada.Tests.Agent.Follower;

public sealed class CommandInboxTests
{
    private const long Second = Microseconds.PerSecond;
    private static readonly double[] Pose = [1, 2];
    private static readonly ImmutableArray<Joint> Joints = [new("pan", JointUnit.Degree, -100, 100, 180, 0), new("gripper", JointUnit.Percent, 0, 100, 200, 0)];

    private readonly StopLatches stops = new(new LocalStop());
    private readonly DeviceCounters counters = new();
    private readonly CommandInbox inbox;
    private readonly double[] pose = new double[2];
    private Timestamp now = new(50 * Second, 1_000_000 * Second);

    public CommandInboxTests() => inbox = new CommandInbox(Joints, PlayoutMode.Quick, stops, counters);

    [Fact]
    public void Nothing_is_taken_before_an_epoch_is_told()
    {
        Assert.Equal(FrameResult.AwaitingEpoch, Receive(7, 1));
        inbox.TryStart(7);
        Assert.Equal(FrameResult.Accepted, Receive(7, 2));
    }

    [Fact]
    public void An_older_epoch_is_refused_and_a_newer_one_adopted()
    {
        inbox.TryStart(7);
        Assert.Equal(FrameResult.StaleEpoch, Receive(6, 1));
        Assert.Equal(FrameResult.Accepted, Receive(8, 1));
        Assert.Equal(FrameResult.StaleEpoch, Receive(7, 2));
        Assert.False(inbox.TryStart(7), "an epoch that is over was opened again");
        Assert.Equal(2, counters.Dropped(FrameResult.StaleEpoch));
    }

    [Fact]
    public void Duplicates_and_overtaken_commands_are_dropped_and_gaps_counted()
    {
        inbox.TryStart(7);
        Receive(7, 1);
        Receive(7, 4);
        Assert.Equal(FrameResult.Duplicate, Receive(7, 4));
        Assert.Equal(FrameResult.OutOfOrder, Receive(7, 3));
        Assert.Equal(2, inbox.Lost);
        Assert.Equal((1, 1), (counters.Dropped(FrameResult.Duplicate), counters.Dropped(FrameResult.OutOfOrder)));
    }

    [Fact]
    public void Commands_are_played_one_after_the_other()
    {
        inbox.TryStart(7);
        Receive(7, 1);
        Receive(7, 2, age: -0.01);
        Assert.True(Take(out var played), "there is no command");
        Assert.Equal(1u, played.Last.Sequence);
        Pass(0.03);
        Assert.True(Take(out played), "there is no command");
        Assert.Equal(2u, played.Last.Sequence);
        Assert.Equal(0, counters.Dropped(FrameResult.Superseded));
        Assert.Equal(0, inbox.Lost);
    }

    [Fact]
    public void A_backlog_that_was_stalled_on_its_way_is_expired()
    {
        inbox.TryStart(7);
        Receive(7, 1);
        Pass(0.4);
        Assert.Equal(FrameResult.Expired, Receive(7, 2, age: 0.4));
        Assert.Equal(FrameResult.Accepted, Receive(7, 3));
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    public void A_source_whose_clock_jumps_is_still_followed(int jump)
    {
        inbox.TryStart(7);
        Receive(7, 1);
        Pass(0.01);
        Assert.Equal(FrameResult.Accepted, Receive(7, 2, age: -jump));
        Pass(0.01);
        Assert.Equal(FrameResult.Accepted, Receive(7, 3, age: -jump));
    }

    [Fact]
    public void Nothing_is_played_when_its_master_has_been_silent()
    {
        inbox.TryStart(7);
        Receive(7, 1);
        Assert.True(Take(out _), "there is no command");
        Pass(0.3);
        Assert.False(Take(out _), "an old command was handed out");
    }

    [Fact]
    public void A_master_that_is_announced_as_slow_may_be_silent_for_longer()
    {
        inbox.TryStart(7, rateHz: 4);
        Receive(7, 1);
        Assert.True(Take(out _), "there is no command");
        Pass(0.6);
        Assert.True(Take(out _), "it was held within two intervals");
        Pass(0.03);
        Assert.False(Take(out _), "it is not held");
    }

    [Fact]
    public void Nothing_passes_a_latched_stop_even_what_was_here_before_it()
    {
        inbox.TryStart(7);
        Receive(7, 1);
        stops.LatchRemote();
        Assert.False(Take(out _), "a command passed a stop");
        Assert.Equal(FrameResult.Stopped, Receive(7, 2));
        stops.ReleaseRemote();
        Assert.Equal(FrameResult.Accepted, Receive(7, 3));
    }

    [Fact]
    public void After_stream_stop_the_same_epoch_begins_a_new_sequence_when_it_is_started_again()
    {
        inbox.TryStart(7);
        Receive(7, 100);
        inbox.TryStop(7);
        Assert.False(Take(out _), "a command outlived its stream");
        Assert.Equal(FrameResult.StaleEpoch, Receive(7, 101));
        inbox.TryStart(7);
        Assert.Equal(FrameResult.Accepted, Receive(7, 1));
    }

    [Fact]
    public void A_command_that_waits_is_not_executed_once_a_newer_epoch_was_told()
    {
        inbox.TryStart(7);
        Receive(7, 1);
        inbox.TryStart(8);
        Assert.False(Take(out _), "a command of an older epoch was handed out");
    }

    [Fact]
    public void A_new_master_whose_clock_is_behind_is_followed_from_its_first_command()
    {
        inbox.TryStart(7);
        Receive(7, 1);
        inbox.TryStart(8);
        Pass(5);
        Assert.Equal(FrameResult.Accepted, Receive(8, 1, age: 2));
    }

    [Fact]
    public void A_late_stream_stop_of_an_older_epoch_ends_nothing()
    {
        inbox.TryStart(8);
        Assert.False(inbox.TryStop(7), "a newer stream was ended");
        Assert.Equal(FrameResult.Accepted, Receive(8, 1));
    }

    [Fact]
    public void A_command_for_another_number_of_joints_is_refused()
    {
        inbox.TryStart(7);
        Assert.Equal(FrameResult.WrongJoints, inbox.Receive(new SampleStamp(7, 1, now.Unix, 300), [1, 2, 3], now));
    }

    private FrameResult Receive(uint epoch, uint sequence, double age = 0) =>
        inbox.Receive(new SampleStamp(epoch, sequence, now.Unix - (long)(age * Second), 300), Pose, now);

    private bool Take(out PlayedPose played) => inbox.Play(now, pose, out played) == PlayoutState.Playing;

    private void Pass(double seconds) => now = now.Plus(TimeSpan.FromSeconds(seconds));
}
