using System.Collections.Concurrent;
using Armada.Core.Frames;
using Armada.Emulators.Arms;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Tests.Agent.Kit;

namespace Armada.Tests.Agent.Leader;

/// <summary>A leader says at each tick where it is while it moves, and that it rests when it does.</summary>
public sealed class RestTests : IAsyncLifetime
{
    private const double From = 10;

    private readonly GuidedHand hand = new(From, -20, 15, 5, 0, 45);
    private readonly ConcurrentQueue<(FrameFlags Flags, double Pan, long At, long Tick)> frames = [];
    private readonly TestArm arm;
    private TestAgent agent = null!;

    private FailOnLoggedErrors Logs { get; } = new();

    public RestTests() => arm = TestArm.Leader(hand);

    public async Task InitializeAsync()
    {
        agent = await TestAgent.StartAsync(Logs, broker: null, local: false, ("leader-1", arm.Port, null));
        var leader = agent["leader-1"];
        leader.AddSink((in FrameHeader header, ReadOnlySpan<double> pose, FrameEcho? _) =>
            frames.Enqueue((header.Flags, pose[0], header.CapturedAt, leader.Counters.Ticks)));
        leader.LeaderStream.TryStart(7, null);
        await Rests();
    }

    [Theory]
    [InlineData(60)]
    [InlineData(3)] // Less than the dead-band in a tick.
    public async Task From_its_first_movement_until_it_has_rested_for_a_tenth_of_a_second_each_tick_is_sent(double speed)
    {
        frames.Clear();
        hand.Go(0, From + (speed * 0.5), speed);
        await Eventually.Holds("it moves", () => frames.Any(frame => frame.Pan > From + (speed * 0.4)));
        await Rests();

        var sent = frames.ToArray();
        var moving = sent.SkipWhile(frame => IsStill(frame.Flags)).TakeWhile(frame => !IsStill(frame.Flags)).ToArray();
        var after = sent.SkipWhile(frame => IsStill(frame.Flags)).First(frame => IsStill(frame.Flags));
        Assert.InRange(moving[^1].Pan - moving[0].Pan, speed * 0.4, speed * 0.5);
        Assert.All(moving.Zip(moving[1..].Append(after)), pair => Assert.Equal(pair.First.Tick + 1, pair.Second.Tick));
        var arrived = moving.First(frame => Math.Abs(frame.Pan - after.Pan) < 0.1);
        Assert.InRange(after.At - arrived.At, 90_000, 1_000_000);
    }

    public async Task DisposeAsync()
    {
        await agent.DisposeAsync();
        arm.Dispose();
        Logs.Dispose();
    }

    private static bool IsStill(FrameFlags flags) => (flags & FrameFlags.KeepAlive) != 0;

    private Task Rests() => Eventually.Holds("it says twice that it rests", () => frames.Count > 2 && frames.TakeLast(2).All(frame => IsStill(frame.Flags)));
}
