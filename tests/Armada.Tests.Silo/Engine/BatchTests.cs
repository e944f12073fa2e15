using Armada.Core.Devices;
using Armada.Core.Frames;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Grains.Robots;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Engine;

/// <summary>Several samples in one message: each is a command, and they go on in one message.</summary>
public sealed class BatchTests
{
    [Fact]
    public async Task What_a_leader_sends_in_one_message_its_follower_gets_in_one_message()
    {
        await using var rig = await EngineRig.StartAsync(new HandTime());

        // A robot that is busy takes them one by one.
        await Eventually.Holds("five go on in one message", () =>
        {
            rig.SendFollower();
            rig.SendLeader(states: 5);
            return Read(rig.Link.LastSample).Count == 5;
        });

        var frames = Read(rig.Link.LastSample);
        Assert.All(frames.Skip(1).Zip(frames), pair => Assert.Equal(
            (1u, 10_000L), (pair.First.Sequence - pair.Second.Sequence, pair.First.CapturedAt - pair.Second.CapturedAt)));
    }

    [Fact]
    public async Task Where_the_last_of_a_message_is_refused_the_others_go_on_with_the_next_tick()
    {
        await using var rig = await EngineRig.StartAsync(new HandTime());

        await Eventually.Holds("three go on with the tick", () =>
        {
            rig.SendFollower();
            var before = rig.Link.Samples;
            rig.SendLeader(states: 4, repeatsLast: true);
            var isHeld = before == rig.Link.Samples;
            rig.Robots.Single().Tick();
            return isHeld && rig.Link.Samples == before + 1 && Read(rig.Link.LastSample).Count == 3;
        });
    }

    [Fact]
    public async Task What_comes_while_the_robot_is_busy_waits_in_order_and_of_too_much_the_oldest_is_given_up()
    {
        await using var rig = await EngineRig.StartAsync(new HandTime());
        var slot = new SampleSlot("leader", DeviceRole.Master, rig.Robots.Single(), RobotModels.So101);
        var given = Enumerable.Range(1, 40).Count(number => slot.Put(new SampleStamp(1, (uint)number, number), [number, -number], new Timestamp(number, 0)));

        Assert.Equal((8, 8), (given, slot.Superseded));
        var units = new double[FrameCodec.MaxJoints];
        for (var number = 9; number <= 40; number++)
        {
            Assert.True(slot.TryTake(units, out var stamp, out var joints, out var received), $"{number} is missing");
            Assert.Equal((number, 2, number, (double)-number), ((int)stamp.Sequence, joints, (int)received.Monotonic, units[1]));
        }

        Assert.False(slot.TryTake(units, out _, out _, out _), "one too many");
    }

    private static List<FrameHeader> Read(ReadOnlySpan<byte> payload)
    {
        var frames = new List<FrameHeader>();
        while (FrameCodec.TryRead(ref payload, out var frame, out _))
            frames.Add(frame.Header);
        return frames;
    }
}
