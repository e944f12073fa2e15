using System.Text;
using Armada.Core.MicroPython;
using Armada.Core.Robots;
using Armada.Grains.Robots;
using Armada.Silo.MicroPython;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.MicroPython;

/// <summary>When a MicroPython follower is told what; and that neither way costs memory.</summary>
public sealed class MicroPythonSinkTests : IAsyncDisposable
{
    private readonly HandTime time = new();
    private readonly QuietLink link = new();
    private readonly SiloClock clock;
    private readonly ISlaveSink outlet;

    public MicroPythonSinkTests()
    {
        clock = new SiloClock(time);
        outlet = new MicroPythonSink(link, clock, "root/board/state", "board", gripperInPercent: true);
    }

    public ValueTask DisposeAsync() => link.DisposeAsync();

    [Theory]
    [InlineData(10, 50)]
    [InlineData(20, 50)]
    [InlineData(5, 50)]
    [InlineData(40, 25)]
    public void A_moving_pose_is_told_50_times_a_second_at_most(int everyMs, int told)
    {
        for (var at = 0; at < 1000; at += everyMs)
        {
            Send(at);
            Advance(everyMs);
        }

        Assert.InRange(link.Samples, told - 1, told + 1);
    }

    [Fact]
    public void A_source_that_jitters_around_50_a_second_is_told_in_full()
    {
        for (var message = 0; message < 100; message++)
        {
            Send(message);
            Advance(message % 2 == 0 ? 13 : 27);
        }

        Assert.Equal(100, link.Samples);
    }

    [Fact]
    public void What_differs_by_less_than_a_tenth_of_a_degree_is_not_told_at_once()
    {
        Send(10);
        Advance(100);
        Send(10.09);
        Assert.Equal(1, link.Samples);
        Send(10.11);
        Assert.Equal(2, link.Samples);
    }

    [Fact]
    public void A_pose_that_came_too_soon_is_told_a_little_later()
    {
        Send(10);
        Send(20);
        Assert.Equal(1, link.Samples);

        Advance(50);
        Tick(isLed: true);

        Assert.Contains("\"servo_1_shoulder_pan\":20.0", Last, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pose_that_waits_is_told_no_more_after_a_stop_and_nothing_is_said_again()
    {
        Send(10);
        Send(20);
        for (var beat = 0; beat < 40; beat++)
        {
            Advance(50);
            Tick(isLed: beat > 20); // Reset, but not yet commanded anew.
        }

        Assert.Equal(1, link.Samples);
    }

    [Fact]
    public void A_still_pose_is_said_again_twice_a_second_while_the_robot_is_led()
    {
        Send(10);
        for (var beat = 0; beat < 60; beat++)
        {
            Advance(50);
            Tick(isLed: true);
        }

        Assert.InRange(link.Samples, 6, 7); // At 0, 0.5 … 3 s.
    }

    [Fact]
    public void A_joint_that_is_not_commanded_is_told_where_it_was_told_to_be_or_not_at_all()
    {
        outlet.Send(default, [double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN], hasMore: false);
        Assert.Equal(0, link.Samples);
        outlet.Send(default, [10, double.NaN, double.NaN, double.NaN, double.NaN, 50], hasMore: false);
        Advance(50);
        outlet.Send(default, [double.NaN, 5, double.NaN, double.NaN, double.NaN, double.NaN], hasMore: false);

        Assert.Equal("""{"device_name":"board","servo_1_shoulder_pan":10.0,"servo_2_shoulder_lift":5.0,"servo_6_gripper":45.0}""", Last);
    }

    [Fact]
    public async Task From_a_leaders_message_to_a_followers_nothing_is_allocated()
    {
        await using var rig = await EngineRig.StartAsync();
        await rig.AskAsync(new RobotRequest.BindSlave(new SlaveBinding("board", SlaveKind.MicroPython), false));
        await rig.AskAsync(new RobotRequest.BindMaster("thing", true));
        var topics = rig.Service<MicroPythonTopics>();
        var ingress = rig.Service<MicroPythonIngress>();
        var (leader, own) = (Encoding.UTF8.GetBytes(topics.Of("thing")), Encoding.UTF8.GetBytes(topics.Of("board")));
        var messages = Enumerable.Range(0, 50).Select(Message).ToArray();
        await Armada.Testing.Eventually.Holds("the leader is taken", () =>
        {
            ingress.OnState(leader, messages[0]);
            return rig.Robots.Single().IsMasterLive;
        });
        Play(20_000); // Long enough for the runtime to have compiled the loop for good: that allocates a little, once.
        var told = rig.Link.Samples;

        var before = GC.GetAllocatedBytesForCurrentThread();
        Play(10_000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        Assert.True(rig.Link.Samples > told);

        void Play(int times)
        {
            for (var message = 0; message < times; message++)
            {
                ingress.OnState(leader, messages[message % messages.Length]);
                ingress.OnState(own, messages[0]);
            }
        }

        static byte[] Message(int degrees)
        {
            var json = new byte[MicroPythonJson.MaxWritten];
            return json[..MicroPythonJson.Write(json, "thing"u8, [degrees, 0, 0, 0, 0, degrees])];
        }
    }

    private string Last => Encoding.UTF8.GetString(link.LastSample);

    private void Send(double pan) => outlet.Send(default, [pan, 0, 0, 0, 0, 50], hasMore: false);

    private void Tick(bool isLed) => outlet.Tick(clock.Now(), isLed);

    private void Advance(int ms) => time.Advance(TimeSpan.FromMilliseconds(ms));
}
