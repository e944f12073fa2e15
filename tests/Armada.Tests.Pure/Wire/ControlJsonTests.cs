using System.Text;
using Armada.Core.Control;

namespace Armada.Tests.Pure.Wire;

public sealed class ControlJsonTests
{
    [Fact]
    public void A_message_is_this_text() => Assert.Equal(
        """{"id":"42","op":"stream-start","epoch":7,"rate_hz":100}""",
        Encoding.UTF8.GetString(ControlJson.Write(new ControlMessage("42", ControlOp.StreamStart, 7, 100))));

    [Theory]
    [InlineData(ControlOp.StreamStart)]
    [InlineData(ControlOp.StreamStop)]
    [InlineData(ControlOp.Torque)]
    [InlineData(ControlOp.Stop)]
    [InlineData(ControlOp.Reset)]
    [InlineData(ControlOp.Calibrate)]
    [InlineData(ControlOp.Identify)]
    [InlineData(ControlOp.Recover)]
    public void A_message_comes_back(ControlOp op)
    {
        var message = new ControlMessage("a", op, 1, 50, true, Joint: "gripper");

        Assert.Equal(message, ControlJson.ReadMessage(ControlJson.Write(message)));
    }

    [Theory]
    [InlineData("""{"id":"1"}""")]
    [InlineData("""{"id":"1","op":null}""")]
    [InlineData("""{"id":"1","op":0,"epoch":1}""")]
    [InlineData("""{"id":"1","op":"0","epoch":1}""")]
    [InlineData("""{"id":"1","op":"launch"}""")]
    [InlineData("""{"id":"1","op":"stop","op":"reset"}""")]
    [InlineData("""{"op":"stop"}""")]
    [InlineData("""{"id":null,"op":"stop"}""")]
    [InlineData("""{"id":"","op":"stop"}""")]
    [InlineData("""{"id":"1","op":"stream-start"}""")]
    [InlineData("""{"id":"1","op":"stream-start","epoch":-1}""")]
    [InlineData("""{"id":"1","op":"stream-start","epoch":4294967296}""")]
    [InlineData("""{"id":"1","op":"stream-start","epoch":1,"rate_hz":0}""")]
    [InlineData("""{"id":"1","op":"torque"}""")]
    [InlineData("""{"id":"1","op":"recover"}""")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("")]
    public void What_is_no_message_is_refused(string json) => Assert.Null(ControlJson.ReadMessage(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Fields_of_later_versions_are_passed_over() => Assert.Equal(
        new ControlMessage("1", ControlOp.Stop), ControlJson.ReadMessage("""{"id":"1","op":"stop","reason":{"x":[1]}}"""u8));

    [Fact]
    public void A_payload_beyond_the_limit_is_not_read()
    {
        var json = """{"id":"1","op":"stop"}""";

        Assert.NotNull(ControlJson.ReadMessage(Encoding.UTF8.GetBytes(json.PadRight(ControlJson.MaxLength))));
        Assert.Null(ControlJson.ReadMessage(Encoding.UTF8.GetBytes(json.PadRight(ControlJson.MaxLength + 1))));
    }

    [Fact]
    public void A_reply_comes_back()
    {
        var reply = new ControlReply("1", false, "servo 3 does not answer");

        Assert.Equal(reply, ControlJson.ReadReply(ControlJson.Write(reply)));
    }

    [Fact]
    public void A_presence_comes_back()
    {
        var presence = new Presence(
            true, "so101-follower", "0.1.0", ["gripper"], 7.4, [31], ["gripper: overload"], "tracking", new Dictionary<string, long> { ["ticks"] = 5 });

        var read = ControlJson.ReadPresence(ControlJson.Write(presence));

        Assert.NotNull(read);
        Assert.Equivalent(presence, read, strict: true);
    }

    [Theory]
    [InlineData("""{"kind":"so101-leader"}""")]
    [InlineData("""{"online":1}""")]
    public void A_presence_that_does_not_say_whether_it_is_online_is_refused(string json) =>
        Assert.Null(ControlJson.ReadPresence(Encoding.UTF8.GetBytes(json)));
}
