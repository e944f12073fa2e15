using System.Buffers;
using System.Text.Json;

namespace Armada.Core.Arena;

/// <summary>Messages as JSON, for one robot and one family of joint names. Allocates nothing per message; not thread-safe.</summary>
public sealed class ArenaWriter : IDisposable
{
    private const int Decimals = 3; // A thousandth of a degree: ten times finer than a frame.

    private readonly ArrayBufferWriter<byte> unused = new();
    private readonly Utf8JsonWriter json;
    private readonly JsonEncodedText robot;
    private readonly JsonEncodedText[] joints;
    private readonly bool isClient;

    /// <param name="joints">In the robot's order.</param>
    /// <param name="isClient">Whether a client sends the messages: then every one names the robot.</param>
    public ArenaWriter(string robot, IEnumerable<string> joints, bool isClient = false)
    {
        json = new Utf8JsonWriter(unused, new JsonWriterOptions { SkipValidation = true });
        this.robot = JsonEncodedText.Encode(robot);
        this.joints = [.. joints.Select(name => JsonEncodedText.Encode(name))];
        this.isClient = isClient;
    }

    public int Joints => joints.Length;

    /// <summary>A command of the joints whose position is a number; false, and nothing written, where none is.</summary>
    /// <param name="to">The buffer.</param>
    /// <param name="at">Unix microseconds.</param>
    /// <param name="positions">One per joint, joint units; NaN where nothing is commanded.</param>
    public bool TryWriteCommand(IBufferWriter<byte> to, long at, ReadOnlySpan<double> positions)
    {
        if (!AnyFinite(positions))
            return false;
        Begin(to, "command"u8, at);
        json.WriteStartArray("joints"u8);
        for (var joint = 0; joint < joints.Length; joint++)
        {
            if (!double.IsFinite(positions[joint]))
                continue;
            json.WriteStartObject();
            json.WriteString("name"u8, joints[joint]);
            json.WriteNumber("value"u8, Math.Round(positions[joint], Decimals));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        End();
        return true;
    }

    /// <param name="at">Unix microseconds.</param>
    public void WriteJointStates(IBufferWriter<byte> to, long at, ReadOnlySpan<ArenaJointState> states)
    {
        Begin(to, "joint_states"u8, at);
        json.WriteStartArray("joints"u8);
        for (var joint = 0; joint < joints.Length; joint++)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, joints[joint]);
            json.WriteNumber("servo_id"u8, states[joint].ServoId);
            json.WriteString("type"u8, states[joint].Continuous ? "continuous"u8 : "revolute"u8);
            json.WriteNumber("virtual_value"u8, Math.Round(states[joint].Virtual, Decimals));
            WriteReal(states[joint].Real);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        End();
    }

    public void WriteSlaveStatus(IBufferWriter<byte> to, long at, string? slave, ReadOnlySpan<ArenaReading> readings)
    {
        Begin(to, "slave_status"u8, at, slave);
        json.WriteStartArray("joints"u8);
        foreach (var reading in readings)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, reading.Name);
            if (reading.Virtual is { } position)
                json.WriteNumber("virtual_value"u8, Math.Round(position, Decimals));
            WriteReal(reading.Real);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        End();
    }

    public void WriteSequence(IBufferWriter<byte> to, long at, ArenaSequence sequence)
    {
        Begin(to, "sequence"u8, at);
        json.WriteString("id"u8, sequence.Id);
        json.WriteString("name"u8, sequence.Name);
        json.WriteStartArray("commands"u8);
        foreach (var command in sequence.Commands)
        {
            json.WriteStartObject();
            json.WriteNumber("timestamp"u8, Math.Round(command.At.TotalMilliseconds));
            json.WriteStartArray("joints"u8);
            foreach (var goal in command.Joints)
            {
                json.WriteStartObject();
                json.WriteString("name"u8, goal.Name);
                json.WriteNumber("value"u8, Math.Round(goal.Value, Decimals));
                if (goal.Speed is { } speed)
                    json.WriteNumber("speed"u8, speed);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (command.Duration is { } duration)
                json.WriteNumber("duration"u8, Math.Round(duration.TotalMilliseconds));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBoolean("loop"u8, sequence.Loop);
        if (sequence.TotalDuration is { } total)
            json.WriteNumber("total_duration"u8, Math.Round(total.TotalMilliseconds));
        End();
    }

    public void WriteCommandAck(IBufferWriter<byte> to, long at, bool accepted, string? reason = null)
    {
        Begin(to, "command_ack"u8, at, namesRobot: true);
        json.WriteBoolean("accepted"u8, accepted);
        if (reason is not null)
            json.WriteString("reason"u8, reason);
        End();
    }

    public void WriteStatus(IBufferWriter<byte> to, long at, in ArenaStatus status)
    {
        Begin(to, "status"u8, at, namesRobot: true);
        json.WriteBoolean("master_connected"u8, status.MasterConnected);
        json.WriteString("master"u8, status.Master);
        json.WriteBoolean("is_master"u8, status.IsMaster);
        json.WriteBoolean("stopped"u8, status.Stopped);
        json.WriteNumber("slave_count"u8, status.Slaves);
        End();
    }

    /// <param name="at">Unix microseconds.</param>
    /// <param name="slave">The slave that reports it, or null.</param>
    public void WriteError(IBufferWriter<byte> to, long at, string code, string message, string? slave = null)
    {
        Begin(to, "error"u8, at, slave);
        json.WriteString("code"u8, code);
        json.WriteString("message"u8, message);
        End();
    }

    public void WriteStatusRequest(IBufferWriter<byte> to, long at) => WriteBare(to, "status_request"u8, at);

    public void WriteHeartbeatAck(IBufferWriter<byte> to, long at) => WriteBare(to, "heartbeat_ack"u8, at);

    public void Dispose() => json.Dispose();

    private void WriteBare(IBufferWriter<byte> to, ReadOnlySpan<byte> type, long at)
    {
        Begin(to, type, at);
        End();
    }

    private void Begin(IBufferWriter<byte> to, ReadOnlySpan<byte> type, long at, string? slave = null, bool namesRobot = false)
    {
        json.Reset(to);
        json.WriteStartObject();
        json.WriteString("type"u8, type);
        json.WriteString("timestamp"u8, TimeOf(at));
        if (isClient || namesRobot)
            json.WriteString("robot_id"u8, robot);
        if (slave is not null)
            json.WriteString("slave_id"u8, slave);
        json.WriteStartObject("data"u8);
    }

    private void End()
    {
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        json.Reset(unused); // Keeps no hold on the caller's buffer.
    }

    private void WriteReal(double? real)
    {
        if (real is { } position)
            json.WriteNumber("real_value"u8, Math.Round(position, Decimals));
        else
            json.WriteNull("real_value"u8);
    }

    private static bool AnyFinite(ReadOnlySpan<double> positions)
    {
        foreach (var position in positions)
        {
            if (double.IsFinite(position))
                return true;
        }

        return false;
    }

    private static DateTime TimeOf(long unixMicros)
    {
        var milliseconds = Math.Clamp(unixMicros / 1000, 0, 253_402_300_799_999); // Up to the year 9999.
        return DateTime.UnixEpoch.AddTicks(milliseconds * TimeSpan.TicksPerMillisecond);
    }
}
