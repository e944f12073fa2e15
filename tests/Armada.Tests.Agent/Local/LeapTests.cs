using Armada.Core.Frames;
using Armada.Devices.Arms;
using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Tests.Agent.Kit;

namespace Armada.Tests.Agent.Local;

/// <summary>What a leader's servos say leaps; the arm that follows it does not. Read on the follower's bus.</summary>
public sealed class LeapTests : IAsyncLifetime
{
    private const int Pan = 0;
    private const int Roll = 4;

    // An approach's 45 degrees a second, and what a starved machine's clock adds in a tenth of a second.
    private const double ApproachSpeed = 45 * 1.4;

    private readonly GuidedHand hand = new(0, -60, 55, 25, 150, 20);

    public LeapTests() => Leader = TestArm.Leader(hand);

    private FailOnLoggedErrors Logs { get; } = new();

    private TestArm Leader { get; }

    private TestArm Follower { get; } = TestArm.Follower();

    private TestAgent Agent { get; set; } = null!;

    public async Task InitializeAsync()
    {
        Agent = await TestAgent.StartAsync(Logs, broker: null, local: true, ("leader-1", Leader.Port, null), ("follower-1", Follower.Port, null));
        await Comes(Roll, 150);
        await Comes(Pan, 0);
    }

    public async Task DisposeAsync()
    {
        await Agent.DisposeAsync();
        Leader.Dispose();
        Follower.Dispose();
        Logs.Dispose();
    }

    [Fact]
    public async Task A_wrist_turned_over_the_end_of_its_encoder_is_held_at_its_end_and_comes_back()
    {
        var since = Follower.Bus.Journal.Count;
        hand.Go(Roll, 210, 120);
        await Eventually.Holds("the leader's encoder is over its end", () => Leader.Bus.Arm.Read(Roll + 1, Sts3215.PresentPosition) is > 300 and < 500);
        await Comes(Roll, 162.8);
        Assert.InRange(Goals(since, Roll).Min(goal => goal.Degrees), 147, 163);
        hand.Go(Roll, 120, 120);
        await Comes(Roll, 120);
        Assert.InRange(Goals(since, Roll).Min(goal => goal.Degrees), 117, 163);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_read_again_elsewhere_is_approached(bool isWholeArm)
    {
        var dark = long.MaxValue;
        var captured = 0L;
        Agent["leader-1"].AddSink((in FrameHeader header, ReadOnlySpan<double> positions, FrameEcho? _) =>
        {
            if (double.IsNaN(positions[Pan]))
                dark = Math.Min(dark, header.CapturedAt);
            captured = header.CapturedAt;
        });
        Dark(isWholeArm, true);
        hand.Go(Pan, 60, 1000);
        await Eventually.Holds("the joint is not read for long enough", () => Volatile.Read(ref captured) - 400_000 > Volatile.Read(ref dark));
        Assert.Equal(isWholeArm ? "holding" : "tracking", Agent["follower-1"].Presence().State);
        var since = Follower.Bus.Journal.Count;
        Dark(isWholeArm, false);
        await Comes(Pan, 60);
        Assert.InRange(FastestOver(TimeSpan.FromMilliseconds(200), Goals(since, Pan)), 20, ApproachSpeed);
    }

    [Fact]
    public async Task A_servo_that_reads_zero_once_moves_nothing()
    {
        var since = Follower.Bus.Journal.Count;
        for (var count = 0; count < 10; count++)
        {
            var ticks = Agent["leader-1"].Counters.Ticks;
            Leader.Bus.Faults.MisreadNext(Pan + 1, 1);
            await Eventually.Holds("the leader ticks on", () => Agent["leader-1"].Counters.Ticks > ticks + 3);
        }

        Assert.InRange(Goals(since, Pan).Max(goal => goal.Degrees) - Goals(since, Pan).Min(goal => goal.Degrees), 0, 0.5);
    }

    private Task Comes(int joint, double position) => Eventually.Holds(
        () => $"the follower's {ArmJoint.All[joint]} comes to {position}; it is at {Follower.Joint(joint):0.0}, {Agent["follower-1"].Presence().State}",
        () => Math.Abs(Follower.Joint(joint) - position) < 2,
        TimeSpan.FromSeconds(20));

    private List<(long Timestamp, double Degrees)> Goals(long since, int joint)
    {
        var calibration = EmulatedJoint.Calibration(ArmRole.Follower).Joints[joint];
        return [.. Follower.Bus.Journal.Since(since)
            .Where(write => write.Instruction == Instruction.SyncWrite && write.Id == joint + 1 && write.Of(Sts3215.GoalPosition) is not null)
            .Select(write => (write.Timestamp, calibration.Normalize(write.Of(Sts3215.GoalPosition)!.Value, JointScale.Degrees)))];
    }

    private static double FastestOver(TimeSpan span, List<(long Timestamp, double Degrees)> goals)
    {
        var (fastest, first) = (0.0, 0);
        foreach (var (timestamp, degrees) in goals)
        {
            while (TimeProvider.System.GetElapsedTime(goals[first + 1].Timestamp, timestamp) >= span)
                first++;
            var elapsed = TimeProvider.System.GetElapsedTime(goals[first].Timestamp, timestamp);
            if (elapsed >= span)
                fastest = Math.Max(fastest, Math.Abs(degrees - goals[first].Degrees) / elapsed.TotalSeconds);
        }

        return fastest;
    }

    private void Dark(bool isWholeArm, bool isDark)
    {
        if (isWholeArm)
            Leader.Bus.Arm.Supply = isDark ? 0 : 7.4;
        else
            Leader.Bus.Faults.Silence(Pan + 1, isDark);
    }
}
