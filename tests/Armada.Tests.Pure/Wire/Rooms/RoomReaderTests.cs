using System.Text;
using Armada.Core.Rooms;

namespace Armada.Tests.Pure.Wire.Rooms;

public sealed class RoomReaderTests
{
    [Fact]
    public void The_first_frame_of_RobotHubs_clients_is_read() =>
        Assert.Equal(
            new RoomJoin("operator-7", RoomRole.Consumer),
            RoomReader.ReadJoin(Utf8("""{"participant_id":"operator-7","role":"consumer"}"""), out _));

    [Fact]
    public void A_first_frame_may_ask_for_what_is_Armadas_own() =>
        Assert.Equal(
            new RoomJoin("p", RoomRole.Producer, Takeover: true, Presence: true),
            RoomReader.ReadJoin(Utf8("""{"role":"producer","participant_id":"p","takeover":true,"presence":true,"x":1}"""), out _));

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("{", "JSON")]
    [InlineData("[]", "object")]
    [InlineData("""{"participant_id":"p"}""", "role")]
    [InlineData("""{"participant_id":"p","role":"observer"}""", "role")]
    [InlineData("""{"participant_id":"p","role":1}""", "role")]
    [InlineData("""{"role":"producer"}""", "participant_id")]
    [InlineData("""{"participant_id":"","role":"producer"}""", "participant_id")]
    [InlineData("""{"participant_id":"a\u0007b","role":"producer"}""", "participant_id")]
    [InlineData("""{"participant_id":"\ud800","role":"producer"}""", "Unicode")]
    public void Any_other_first_frame_is_refused_with_the_reason(string frame, string why)
    {
        Assert.Null(RoomReader.ReadJoin(Utf8(frame), out var error));
        Assert.Contains(why, error!, StringComparison.Ordinal);
    }

    [Fact]
    public void An_id_has_a_hundred_characters_at_most()
    {
        Assert.True(RoomReader.IsId(new string('x', 100)));
        Assert.False(RoomReader.IsId(new string('x', 101)));
    }

    [Fact]
    public void A_joint_update_is_read_with_its_speeds()
    {
        var update = Update("""{"type":"joint_update","data":[{"name":"Jaw","value":55},{"name":"Pitch","value":-1.5e1,"speed":50,"x":{}}]}""");

        Assert.Equal([new RoomJoint("Jaw", 55), new RoomJoint("Pitch", -15, 50)], update.Joints.ToArray());
        Assert.Null(update.Problem);
    }

    [Fact]
    public void Of_a_joint_that_is_there_twice_the_later_value_stands() =>
        Assert.Equal(
            [new RoomJoint("a", 3), new RoomJoint("b", 2)],
            Update("""{"type":"joint_update","data":[{"name":"a","value":1},{"name":"b","value":2},{"name":"a","value":3}]}""").Joints.ToArray());

    [Theory]
    [InlineData("""{"name":"a"}""", "a: value must be a number")]
    [InlineData("""{"name":"a","value":null}""", "a: value must be a number")]
    [InlineData("""{"name":"a","value":"1"}""", "a: value must be a number")]
    [InlineData("""{"name":"a","value":1e999}""", "a: value must be a number")]
    [InlineData("""{"name":"a","value":1,"speed":101}""", "a: speed must be 0 to 100")]
    [InlineData("""{"name":"a","value":1,"speed":"fast"}""", "a: speed must be 0 to 100")]
    [InlineData("""{"value":1}""", "a joint's name must be 1 to 50 characters")]
    [InlineData("""{"name":"","value":1}""", "a joint's name must be 1 to 50 characters")]
    [InlineData("1", "a joint's name must be 1 to 50 characters")]
    public void A_bad_joint_is_told_and_the_others_are_read(string item, string problem)
    {
        var update = Update($$"""{"type":"joint_update","data":[{{item}},{"name":"good","value":1}]}""");

        Assert.Equal(problem, update.Problem);
        Assert.Equal([new RoomJoint("good", 1)], update.Joints.ToArray());
    }

    [Theory]
    [InlineData("""{"type":"joint_update"}""")]
    [InlineData("""{"type":"joint_update","data":{}}""")]
    [InlineData("12")]
    [InlineData("not JSON")]
    public void What_is_no_message_is_none_with_a_reason(string text)
    {
        Assert.Null(RoomReader.ReadMessage(Utf8(text), out var error));
        Assert.NotEmpty(error!);
    }

    [Fact]
    public void Every_other_type_is_told_apart()
    {
        Assert.IsType<RoomMessage.Heartbeat>(Message("""{"type":"heartbeat"}"""));
        Assert.Equal(new RoomMessage.EmergencyStop("hand in the way"), Message("""{"type":"emergency_stop","reason":"hand in the way"}"""));
        Assert.Equal(new RoomMessage.EmergencyStop(null), Message("""{"type":"emergency_stop","enabled":false}"""));
        Assert.Equal(new RoomMessage.Unknown("dance"), Message("""{"type":"dance"}"""));
        Assert.Equal(new RoomMessage.Unknown("none"), Message("{}"));
        foreach (var type in new[] { "status_update", "consumer_status", "state_sync", "joined", "error", "heartbeat_ack" })
            Assert.IsType<RoomMessage.Unhandled>(Message($$"""{"type":"{{type}}"}"""));
    }

    [Fact]
    public void Long_texts_of_a_sender_are_cut()
    {
        var text = new string('x', 2000);

        Assert.Equal(500, ((RoomMessage.EmergencyStop)Message($$"""{"type":"emergency_stop","reason":"{{text}}"}""")!).Reason!.Length);
        Assert.Equal(500, ((RoomMessage.Unknown)Message($$"""{"type":"{{text}}"}""")!).Type.Length);
    }

    private static RoomMessage? Message(string text) => RoomReader.ReadMessage(Utf8(text), out _);

    private static RoomMessage.JointUpdate Update(string text) => Assert.IsType<RoomMessage.JointUpdate>(Message(text));

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
