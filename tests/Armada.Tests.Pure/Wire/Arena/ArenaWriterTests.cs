using System.Buffers;
using System.Text;
using Armada.Core.Arena;

namespace Armada.Tests.Pure.Wire.Arena;

public sealed class ArenaWriterTests : IDisposable
{
    private const long At = 1_748_854_800_005_999; // 2025-06-02T09:00:00.005Z and a bit.

    private readonly ArrayBufferWriter<byte> written = new();
    private readonly ArenaWriter writer = new("demo-arm-1", ["Rotation", "Jaw"]);

    private string Text => Encoding.UTF8.GetString(written.WrittenSpan);

    public void Dispose() => writer.Dispose();

    [Fact]
    public void A_command_is_this_text()
    {
        Assert.True(writer.TryWriteCommand(written, At, [12.5, 30]));
        Assert.Equal(
            """{"type":"command","timestamp":"2025-06-02T09:00:00.005Z","data":{"joints":[{"name":"Rotation","value":12.5},{"name":"Jaw","value":30}]}}""",
            Text);
    }

    [Fact]
    public void A_clients_command_names_the_robot()
    {
        using var client = new ArenaWriter("demo-arm-1", ["Rotation"], isClient: true);
        Assert.True(client.TryWriteCommand(written, 0, [1.23456]));
        Assert.Equal(
            """{"type":"command","timestamp":"1970-01-01T00:00:00Z","robot_id":"demo-arm-1","data":{"joints":[{"name":"Rotation","value":1.235}]}}""",
            Text);
    }

    [Fact]
    public void A_joint_without_a_position_is_left_out()
    {
        Assert.True(writer.TryWriteCommand(written, At, [double.NaN, 30]));
        Assert.DoesNotContain("Rotation", Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_of_nothing_is_not_written()
    {
        Assert.False(writer.TryWriteCommand(written, At, [double.NaN, double.NaN]));
        Assert.Equal(0, written.WrittenCount);
    }

    [Fact]
    public void Joint_states_are_this_text()
    {
        writer.WriteJointStates(written, At, [new ArenaJointState(1, false, 12.5, 12.3), new ArenaJointState(2, true, 0, null)]);
        Assert.Equal(
            """{"type":"joint_states","timestamp":"2025-06-02T09:00:00.005Z","data":{"joints":["""
            + """{"name":"Rotation","servo_id":1,"type":"revolute","virtual_value":12.5,"real_value":12.3},"""
            + """{"name":"Jaw","servo_id":2,"type":"continuous","virtual_value":0,"real_value":null}]}}""",
            Text);
    }

    [Fact]
    public void An_acknowledgement_is_this_text()
    {
        writer.WriteCommandAck(written, At, false, "panel holds \"it\"");
        Assert.Equal(
            """{"type":"command_ack","timestamp":"2025-06-02T09:00:00.005Z","robot_id":"demo-arm-1","data":{"accepted":false,"reason":"panel holds \u0022it\u0022"}}""",
            Text);
    }

    [Fact]
    public void A_status_is_this_text()
    {
        writer.WriteStatus(written, At, new ArenaStatus(true, "leader", false, true, 2));
        Assert.Equal(
            """{"type":"status","timestamp":"2025-06-02T09:00:00.005Z","robot_id":"demo-arm-1","data":{"master_connected":true,"master":"leader","is_master":false,"stopped":true,"slave_count":2}}""",
            Text);
    }

    [Fact]
    public void An_error_is_this_text()
    {
        writer.WriteError(written, At, "master_held", "leader holds it");
        Assert.Equal(
            """{"type":"error","timestamp":"2025-06-02T09:00:00.005Z","data":{"code":"master_held","message":"leader holds it"}}""", Text);
    }

    [Fact]
    public void A_sequence_comes_back()
    {
        var sequence = new ArenaSequence(
            "wave", "Wave", [new(TimeSpan.FromSeconds(1), [new("Rotation", -10, 30)], TimeSpan.FromSeconds(2))], true, TimeSpan.FromSeconds(3));
        writer.WriteSequence(written, At, sequence);
        var read = Assert.IsType<ArenaMessage.Sequence>(Read()).Content;

        Assert.Equal(sequence with { Commands = [] }, read with { Commands = [] });
        Assert.Equal(sequence.Commands[0] with { Joints = [] }, read.Commands[0] with { Joints = [] });
        Assert.Equal(sequence.Commands[0].Joints.ToArray(), read.Commands[0].Joints.ToArray());
    }

    [Fact]
    public void A_slave_status_comes_back_with_the_slaves_name()
    {
        ArenaReading[] readings = [new("Rotation", 1, 2), new("Jaw", null, null)];
        writer.WriteSlaveStatus(written, At, "page", readings);
        var read = Assert.IsType<ArenaMessage.SlaveStatus>(Read());

        Assert.Equal("page", read.SlaveId);
        Assert.Equal(readings, read.Joints.ToArray());
    }

    [Fact]
    public void Messages_without_data_come_back()
    {
        writer.WriteHeartbeatAck(written, long.MaxValue);
        Assert.IsType<ArenaMessage.HeartbeatAck>(Read());
        writer.WriteStatusRequest(written, long.MinValue);
        Assert.IsType<ArenaMessage.StatusRequest>(Read());
    }

    [Fact]
    public void Writing_commands_and_states_allocates_nothing()
    {
        var pose = new double[2];
        var states = new ArenaJointState[2];
        Write(30_000); // Long enough for the runtime to have compiled the loop for good: that allocates a little, once.

        var before = GC.GetAllocatedBytesForCurrentThread();
        Write(10_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Write(int times)
        {
            for (var time = 0; time < times; time++)
            {
                pose.AsSpan().Fill(time / 7.0);
                written.ResetWrittenCount();
                if (!writer.TryWriteCommand(written, At + time, pose))
                    throw new InvalidOperationException("not written");
                written.ResetWrittenCount();
                writer.WriteJointStates(written, At + time, states);
            }
        }
    }

    private ArenaMessage Read()
    {
        Assert.True(ArenaReader.TryRead(written.WrittenSpan, out var message, out var problem), problem);
        written.ResetWrittenCount();
        return message;
    }
}
