using System.Text;
using Armada.Core.Arena;

namespace Armada.Tests.Pure.Wire.Arena;

public sealed class ArenaReaderTests
{
    [Fact]
    public void A_command_of_the_reference_is_read()
    {
        var command = Read<ArenaMessage.Command>(
            """{"type":"command","timestamp":"2025-06-02T09:00:00Z","data":{"joints":[{"name":"Rotation","value":12.5,"speed":60},{"name":"Jaw","value":30}]}}""");

        Assert.Equal([new ArenaGoal("Rotation", 12.5, 60), new ArenaGoal("Jaw", 30)], command.Joints.ToArray());
        Assert.Null(command.Duration);
        Assert.Null(command.RobotId);
    }

    [Fact]
    public void A_command_of_the_requirements_client_is_read()
    {
        // JSON.stringify leaves out an undefined speed and writes 45 for 45.0.
        var command = Read<ArenaMessage.Command>(
            """{"type":"command","timestamp":"2024-01-15T10:30:00.000Z","robot_id":"robot-1","data":{"joints":[{"name":"Elbow","value":-30}]}}""");

        Assert.Equal([new ArenaGoal("Elbow", -30)], command.Joints.ToArray());
        Assert.Equal("robot-1", command.RobotId);
    }

    [Fact]
    public void A_slave_status_of_the_reference_is_read()
    {
        var status = Read<ArenaMessage.SlaveStatus>(
            """{"type":"slave_status","timestamp":"2025-06-02T09:00:00.040Z","robot_id":"demo-arm-1","data":{"joints":[{"name":"Rotation","virtual_value":12.5,"real_value":12.3}]}}""");

        Assert.Equal([new ArenaReading("Rotation", 12.5, 12.3)], status.Joints.ToArray());
    }

    [Fact]
    public void A_status_request_of_the_reference_is_read() => Assert.Equal(
        "demo-arm-1", Read<ArenaMessage.StatusRequest>("""{"type":"status_request","timestamp":"2025-06-02T09:00:01Z","robot_id":"demo-arm-1"}""").RobotId);

    [Fact]
    public void Joint_states_of_the_reference_are_read()
    {
        var states = Read<ArenaMessage.JointStates>(
            """{"type":"joint_states","timestamp":"2025-06-02T09:00:01.005Z","data":{"joints":[{"name":"Rotation","servo_id":1,"type":"revolute","virtual_value":12.5,"real_value":null}]}}""");

        Assert.Equal([new ArenaReading("Rotation", 12.5, null)], states.Joints.ToArray());
    }

    [Theory]
    [InlineData("total_duration")]
    [InlineData("totalDuration")]
    public void A_sequence_is_read_in_both_spellings(string total)
    {
        var sequence = Read<ArenaMessage.Sequence>(
            $$$"""
            {"type":"sequence","data":{"id":"wave","name":"Wave","loop":true,"{{{total}}}":2000,"commands":[
              {"timestamp":0,"joints":[{"name":"Rotation","value":-10,"speed":30}],"duration":1500,"metadata":{"x":[1]}},
              {"timestamp":1500,"joints":[{"name":"Rotation","value":0}]}]}}
            """).Content;

        Assert.Equal(("wave", "Wave", true, TimeSpan.FromSeconds(2)), (sequence.Id, sequence.Name, sequence.Loop, sequence.TotalDuration));
        Assert.Equal([TimeSpan.Zero, TimeSpan.FromMilliseconds(1500)], sequence.Commands.Select(command => command.At));
        Assert.Equal([TimeSpan.FromMilliseconds(1500), null], sequence.Commands.Select(command => command.Duration));
        Assert.Equal([new ArenaGoal("Rotation", -10, 30)], sequence.Commands[0].Joints.ToArray());
    }

    [Fact]
    public void The_type_may_come_last() =>
        Assert.Equal(1, Read<ArenaMessage.Command>("""{"data":{"joints":[{"value":1,"name":"a"}]},"type":"command"}""").Joints[0].Value);

    [Theory]
    [InlineData("""{"type":"command_ack"}""", true, null)]
    [InlineData("""{"type":"command_ack","data":null}""", true, null)]
    [InlineData("""{"type":"command_ack","data":{}}""", true, null)]
    [InlineData("""{"type":"command_ack","data":{"accepted":false,"reason":"stopped"}}""", false, "stopped")]
    public void An_acknowledgement_says_whether_and_why(string json, bool accepted, string? reason) =>
        Assert.Equal(new ArenaMessage.CommandAck(accepted, reason), Read<ArenaMessage.CommandAck>(json));

    [Theory]
    [InlineData("""{"type":"heartbeat"}""", typeof(ArenaMessage.Heartbeat))]
    [InlineData("""{"type":"heartbeat","data":{}}""", typeof(ArenaMessage.Heartbeat))]
    [InlineData("""{"type":"heartbeat_ack"}""", typeof(ArenaMessage.HeartbeatAck))]
    [InlineData("""{"type":"status","data":"free"}""", typeof(ArenaMessage.Status))]
    [InlineData("""{"type":"error","slave_id":"s","data":{"message":"servo 3"}}""", typeof(ArenaMessage.Error))]
    [InlineData("""{"type":"error"}""", typeof(ArenaMessage.Error))]
    [InlineData("""{"type":"status_request","future":{"a":[{}]}}""", typeof(ArenaMessage.StatusRequest))]
    public void Every_other_type_is_read(string json, Type type) => Assert.IsType(type, Read<ArenaMessage>(json));

    [Theory]
    [InlineData("""{"type":"command","data":{"joints":[{"name":"a","value":1,"speed":0}]}}""")]
    [InlineData("""{"type":"command","data":{"joints":[{"name":"a","value":1,"speed":null}],"duration":0}}""")]
    public void A_speed_or_duration_of_zero_is_none(string json)
    {
        var command = Read<ArenaMessage.Command>(json);
        Assert.Null(command.Joints[0].Speed);
        Assert.Null(command.Duration);
    }

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("[]", "object")]
    [InlineData("7", "object")]
    [InlineData("{}", "type")]
    [InlineData("""{"type":7}""", "type")]
    [InlineData("""{"type":null}""", "type")]
    [InlineData("""{"type":""}""", "type")]
    [InlineData("""{"type":"launch"}""", "launch")]
    [InlineData("""{"type":"heartbeat"}x""", "'x'")]
    [InlineData("""{"type":"heartbeat","robot_id":7}""", "robot_id")]
    [InlineData("""{"type":"command"}""", "data")]
    [InlineData("""{"type":"command","data":[]}""", "data")]
    [InlineData("""{"type":"command","data":{}}""", "joints")]
    [InlineData("""{"type":"command","data":{"joints":{}}}""", "joints")]
    [InlineData("""{"type":"command","data":{"joints":[]}}""", "joints")]
    [InlineData("""{"type":"command","data":{"joints":[7]}}""", "joints[0]")]
    [InlineData("""{"type":"command","data":{"joints":[{"value":1}]}}""", "name")]
    [InlineData("""{"type":"command","data":{"joints":[{"name":"","value":1}]}}""", "name")]
    [InlineData("""{"type":"command","data":{"joints":[{"name":"a"}]}}""", "value")]
    [InlineData("""{"type":"command","data":{"joints":[{"name":"a","value":null}]}}""", "value")]
    [InlineData("""{"type":"command","data":{"joints":[{"name":"a","value":"1"}]}}""", "value")]
    [InlineData("""{"type":"command","data":{"joints":[{"name":"a","value":1e999}]}}""", "value")]
    [InlineData("""{"type":"command","data":{"joints":[{"name":"a","value":NaN}]}}""", "N")]
    [InlineData("""{"type":"command","data":{"joints":[{"name":"a","value":1,"speed":-1}]}}""", "speed")]
    [InlineData("""{"type":"command","data":{"joints":[{"name":"a","value":1,"speed":true}]}}""", "speed")]
    [InlineData("""{"type":"command","data":{"joints":[{"name":"a","value":1},{"name":"a","value":2}]}}""", "twice")]
    [InlineData("""{"type":"command","data":{"joints":[{"name":"a","value":1}],"duration":-1}}""", "duration")]
    [InlineData("""{"type":"command","data":{"joints":[{"name":"a","value":1}],"duration":3600001}}""", "duration")]
    [InlineData("""{"type":"command","data":{"joints":[{"name":"\ud800","value":1}]}}""", "")]
    [InlineData("""{"type":"command_ack","data":{"accepted":1}}""", "accepted")]
    [InlineData("""{"type":"sequence"}""", "data")]
    [InlineData("""{"type":"sequence","data":{"commands":[]}}""", "commands")]
    [InlineData("""{"type":"sequence","data":{"commands":[{"joints":[{"name":"a","value":1}]}]}}""", "timestamp")]
    [InlineData("""{"type":"sequence","data":{"commands":[{"timestamp":-1,"joints":[{"name":"a","value":1}]}]}}""", "timestamp")]
    [InlineData("""{"type":"sequence","data":{"commands":[{"timestamp":0}]}}""", "joints")]
    [InlineData("""{"type":"sequence","data":{"loop":"yes","commands":[{"timestamp":0,"joints":[{"name":"a","value":1}]}]}}""", "loop")]
    public void What_is_no_message_is_refused_with_the_reason(string json, string named)
    {
        Assert.False(ArenaReader.TryRead(Encoding.UTF8.GetBytes(json), out _, out var problem));
        Assert.NotEmpty(problem);
        Assert.Contains(named, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_refused()
    {
        Assert.False(ArenaReader.TryRead([.. "{\"type\":\"heartbeat\",\"x\":\""u8, 0xFF, .. "\"}"u8], out _, out var problem));
        Assert.Contains("UTF-8", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Bounds_are_kept_to_the_last_item()
    {
        Assert.True(Joints(ArenaReader.MaxJoints));
        Assert.False(Joints(ArenaReader.MaxJoints + 1));
        Assert.True(Named(ArenaReader.MaxNameLength));
        Assert.False(Named(ArenaReader.MaxNameLength + 1));
        Assert.True(Padded(ArenaReader.MaxLength));
        Assert.False(Padded(ArenaReader.MaxLength + 1));
        Assert.True(Commands(ArenaReader.MaxCommands));
        Assert.False(Commands(ArenaReader.MaxCommands + 1));

        static bool Joints(int count) =>
            Reads(Command(string.Join(',', Enumerable.Range(0, count).Select(n => $"{{\"name\":\"j{n}\",\"value\":0}}"))));
        static bool Named(int length) => Reads(Command($"{{\"name\":\"{new string('j', length)}\",\"value\":0}}"));
        static bool Padded(int length) => Reads("""{"type":"heartbeat"}""".PadRight(length));
        static bool Commands(int count) => Reads(
            """{"type":"sequence","data":{"commands":["""
            + string.Join(',', Enumerable.Repeat("""{"timestamp":0,"joints":[{"name":"a","value":0}]}""", count)) + "]}}");
        static string Command(string joints) => """{"type":"command","data":{"joints":[""" + joints + "]}}";
        static bool Reads(string json) => ArenaReader.TryRead(Encoding.UTF8.GetBytes(json), out _, out _);
    }

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        var json = """{"type":"heartbeat","x":""" + new string('[', 20_000) + new string(']', 20_000) + "}";
        Assert.False(ArenaReader.TryRead(Encoding.UTF8.GetBytes(json), out _, out _));
    }

    private static T Read<T>(string json)
        where T : ArenaMessage
    {
        Assert.True(ArenaReader.TryRead(Encoding.UTF8.GetBytes(json), out var message, out var problem), problem);
        return Assert.IsAssignableFrom<T>(message);
    }
}
