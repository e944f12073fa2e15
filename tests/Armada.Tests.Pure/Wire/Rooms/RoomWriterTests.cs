using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Armada.Core.Rooms;

namespace Armada.Tests.Pure.Wire.Rooms;

public sealed class RoomWriterTests : IDisposable
{
    private static readonly DateTimeOffset At = new(2025, 7, 1, 12, 0, 0, 250, TimeSpan.FromHours(2));

    private readonly RoomWriter writer = new();

    public void Dispose() => writer.Dispose();

    [Fact]
    public void A_state_sync_is_as_RobotHub_writes_it() => Says(
        to => writer.StateSync(to, [new("Rotation", 10), new("Jaw", 55.5)], At),
        """{"type":"state_sync","data":{"Rotation":10,"Jaw":55.5},"timestamp":"2025-07-01T10:00:00.250000+00:00"}""");

    [Fact]
    public void A_joined_is_as_RobotHub_writes_it() => Says(
        to => writer.Joined(to, "w1", "r1", RoomRole.Consumer, At),
        """{"type":"joined","room_id":"r1","workspace_id":"w1","role":"consumer","timestamp":"2025-07-01T10:00:00.250000+00:00"}""");

    [Fact]
    public void A_joint_update_has_source_and_sequence() => Says(
        to => writer.JointUpdate(to, [new("Jaw", -0.125)], "operator-7", 3, At),
        """
        {"type":"joint_update","data":[{"name":"Jaw","value":-0.125}],"source":"operator-7","seq":3,
         "timestamp":"2025-07-01T10:00:00.250000+00:00"}
        """);

    [Fact]
    public void A_heartbeat_is_acknowledged() => Says(
        to => writer.HeartbeatAck(to, At), """{"type":"heartbeat_ack","timestamp":"2025-07-01T10:00:00.250000+00:00"}""");

    [Fact]
    public void A_stop_says_why_and_whose_it_is() => Says(
        to => writer.EmergencyStop(to, "hand \"in\" the way", "operator-7", At),
        """
        {"type":"emergency_stop","reason":"hand \"in\" the way","source":"operator-7","timestamp":"2025-07-01T10:00:00.250000+00:00"}
        """);

    [Fact]
    public void An_error_has_a_message_for_people_and_a_code_for_programs()
    {
        Says(
            to => writer.Error(to, "Cannot join room", "room_full", "10 consumers", At),
            """
            {"type":"error","message":"Cannot join room","code":"room_full","reason":"10 consumers",
             "timestamp":"2025-07-01T10:00:00.250000+00:00"}
            """);
        Says(
            to => writer.Error(to, "Too many messages", "too_fast", null, At),
            """{"type":"error","message":"Too many messages","code":"too_fast","timestamp":"2025-07-01T10:00:00.250000+00:00"}""");
    }

    [Theory]
    [InlineData(true, "participant_joined")]
    [InlineData(false, "participant_left")]
    public void A_coming_and_a_going_are_told(bool here, string type) => Says(
        to => writer.Presence(to, here, "r1", "p", RoomRole.Producer, At),
        $$"""
        {"type":"{{type}}","room_id":"r1","participant_id":"p","role":"producer","timestamp":"2025-07-01T10:00:00.250000+00:00"}
        """);

    private static void Says(Action<IBufferWriter<byte>> write, string json)
    {
        var to = new ArrayBufferWriter<byte>();
        write(to);
        var written = Encoding.UTF8.GetString(to.WrittenSpan);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), JsonNode.Parse(written)), written);
    }
}
