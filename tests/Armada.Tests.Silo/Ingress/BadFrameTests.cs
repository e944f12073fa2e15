using Armada.Core.Devices;
using Armada.Core.Frames;
using Armada.Core.Routing;
using Armada.Core.Topics;
using Armada.Silo.Ingress;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Ingress;

public sealed class BadFrameTests(Broker broker) : IClassFixture<Broker>
{
    private const int Malformed = 1210;

    public static TheoryData<FrameError, int, byte> Damages => new()
    {
        { FrameError.UnknownVersion, 0, 9 },
        { FrameError.UnknownKind, 1, 7 },
        { FrameError.JointCount, 2, 0 },
        { FrameError.UnknownFlags, 3, 0x80 },
        { FrameError.ReservedNotZero, 22, 1 },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task A_damaged_frame_is_counted_by_its_error_and_the_next_one_is_routed(FrameError error, int offset, byte value)
    {
        await using var pair = await ArmPair.StartAsync(broker);
        var frame = new byte[FrameCodec.MaxSize];
        var length = pair.Leader.Write(frame, 1);
        frame[offset] = value;

        pair.Leader.SendRaw(frame.AsSpan(0, length));

        await Eventually.Holds($"{error} is counted", () => pair.Silo.Telemetry.Malformed(error) == 1);
        await pair.Follower.CommandedAsync("frames after the damaged one are routed");
    }

    [Fact]
    public async Task Truncated_and_empty_payloads_are_counted_and_logged_at_most_once_a_second()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        var frame = new byte[FrameCodec.MaxSize];
        var length = pair.Leader.Write(frame, 1);
        for (var cut = 0; cut < length; cut++)
            pair.Leader.SendRaw(frame.AsSpan(0, cut));

        await Eventually.Holds("every cut is counted", () => pair.Silo.Telemetry.Malformed(FrameError.Truncated) == length);
        Assert.InRange(pair.Silo.Logs.Of(Malformed).Count, 1, 3);
    }

    [Fact]
    public async Task A_command_on_a_state_topic_is_no_state()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        var frame = new byte[FrameCodec.MaxSize];
        var length = pair.Leader.Write(frame, 1);
        frame[1] = (byte)FrameKind.Command;

        pair.Leader.SendRaw(frame.AsSpan(0, length));

        await Eventually.Holds("it is counted", () => pair.Silo.Telemetry.Malformed(FrameError.UnknownKind) == 1);
    }

    [Fact]
    public async Task Frames_of_an_unknown_device_are_counted()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        var frame = new byte[FrameCodec.MaxSize];
        var length = pair.Leader.Write(frame, 1);

        pair.Silo.Service<FrameIngress>().Take("stranger"u8, frame.AsSpan(0, length));

        Assert.Equal(1, pair.Silo.Telemetry.UnknownDevice);
    }

    [Fact]
    public async Task Repeated_and_reordered_frames_are_counted_and_not_routed()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        pair.Leader.Silent = true;
        var before = pair.Silo.Telemetry.Frames(DeviceRole.Master, FrameResult.Duplicate);
        await RoutedAsync(pair, () => pair.Leader.Send(2_000_000));
        pair.Leader.Send(2_000_000); // Once this one is refused, whatever was on its way before has been routed.
        await Eventually.Holds("it is counted", () => pair.Silo.Telemetry.Frames(DeviceRole.Master, FrameResult.Duplicate) > before);
        var routed = pair.Silo.Telemetry.Frames(DeviceRole.Master, FrameResult.Accepted);
        var (copies, overtaken) = Dropped();

        pair.Leader.Send(2_000_000);
        pair.Leader.Send(1_999_999);

        await Eventually.Holds(
            "each is counted", () => Dropped() == (copies + 1, overtaken + 1));
        Assert.Equal(routed, pair.Silo.Telemetry.Frames(DeviceRole.Master, FrameResult.Accepted));

        (long Copies, long Overtaken) Dropped() => (
            pair.Silo.Telemetry.Frames(DeviceRole.Master, FrameResult.Duplicate), pair.Silo.Telemetry.Frames(DeviceRole.Master, FrameResult.OutOfOrder));
    }

    [Fact]
    public async Task A_frame_of_an_older_epoch_is_counted_and_not_routed()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        pair.Leader.Silent = true;
        var routed = pair.Silo.Telemetry.Frames(DeviceRole.Master, FrameResult.Accepted);
        var stale = pair.Silo.Telemetry.Frames(DeviceRole.Master, FrameResult.StaleEpoch);

        pair.Leader.Send(epoch: pair.Leader.Epoch - 1);

        await Eventually.Holds("it is counted", () => pair.Silo.Telemetry.Frames(DeviceRole.Master, FrameResult.StaleEpoch) == stale + 1);
        Assert.InRange(pair.Silo.Telemetry.Frames(DeviceRole.Master, FrameResult.Accepted), routed, routed + 1);
    }

    [Fact]
    public async Task Presences_and_replies_that_are_no_json_are_counted()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        pair.Follower.Publish(Channel.Presence, "{not json"u8);
        pair.Follower.Publish(Channel.ControlReply, "[]"u8);

        await Eventually.Holds("both are counted", () => pair.Silo.Telemetry.BadMessages == 2);
    }

    [Fact]
    public async Task A_slave_that_goes_offline_is_failed_at_once_and_live_when_it_is_back()
    {
        await using var pair = await ArmPair.StartAsync(broker);
        pair.Follower.Silent = true;
        pair.Follower.Say(online: false);
        await Eventually.Holds("the slave is failed", () => SlaveState(pair) == "failed");

        pair.Follower.Say(online: true);
        pair.Follower.Silent = false;

        await Eventually.Holds("the slave is live again", () => SlaveState(pair) == "live");
    }

    private static string SlaveState(ArmPair pair) =>
        pair.Silo.GetAsync("/api/v1/robots/arm/slaves/follower").GetAwaiter().GetResult()["state"]!.GetValue<string>();

    private static Task RoutedAsync(ArmPair pair, Action send)
    {
        var before = pair.Silo.Telemetry.Frames(DeviceRole.Master, FrameResult.Accepted);
        send();
        return Eventually.Holds("the frame is routed", () => pair.Silo.Telemetry.Frames(DeviceRole.Master, FrameResult.Accepted) > before);
    }
}
