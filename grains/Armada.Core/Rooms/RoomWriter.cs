using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Armada.Core.Rooms;

/// <summary>Writes a room's messages to its participants. Not thread-safe.</summary>
public sealed class RoomWriter : IDisposable
{
    private readonly Utf8JsonWriter json = new(new ArrayBufferWriter<byte>());

    /// <summary>As RobotHub writes it: UTC to the microsecond with its offset.</summary>
    public static string Time(DateTimeOffset at) => at.ToUniversalTime().ToString(TimeFormat, CultureInfo.InvariantCulture);

    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.ffffffzzz";

    /// <summary>All joints of the room, once, before <see cref="Joined"/>.</summary>
    public void StateSync(IBufferWriter<byte> to, ReadOnlySpan<RoomJoint> joints, DateTimeOffset at)
    {
        Begin(to, "state_sync"u8);
        json.WriteStartObject("data"u8);
        foreach (var joint in joints)
            json.WriteNumber(joint.Name, joint.Value);
        json.WriteEndObject();
        End(at);
    }

    public void Joined(IBufferWriter<byte> to, string workspace, string room, RoomRole role, DateTimeOffset at)
    {
        Begin(to, "joined"u8);
        json.WriteString("room_id"u8, room);
        json.WriteString("workspace_id"u8, workspace);
        json.WriteString("role"u8, NameOf(role));
        End(at);
    }

    /// <param name="joints">Those that changed since this participant's last update.</param>
    /// <param name="source">Who moved them.</param>
    /// <param name="sequence">Number among this participant's updates, from 1.</param>
    public void JointUpdate(IBufferWriter<byte> to, ReadOnlySpan<RoomJoint> joints, string source, long sequence, DateTimeOffset at)
    {
        Begin(to, "joint_update"u8);
        json.WriteStartArray("data"u8);
        foreach (var joint in joints)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, joint.Name);
            json.WriteNumber("value"u8, joint.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("source"u8, source);
        json.WriteNumber("seq"u8, sequence);
        End(at);
    }

    public void HeartbeatAck(IBufferWriter<byte> to, DateTimeOffset at)
    {
        Begin(to, "heartbeat_ack"u8);
        End(at);
    }

    public void EmergencyStop(IBufferWriter<byte> to, string reason, string source, DateTimeOffset at)
    {
        Begin(to, "emergency_stop"u8);
        json.WriteString("reason"u8, reason);
        json.WriteString("source"u8, source);
        End(at);
    }

    /// <param name="message">RobotHub's words, where it has some.</param>
    /// <param name="code">For programs.</param>
    /// <param name="reason">Why and what to do; or null.</param>
    public void Error(IBufferWriter<byte> to, string message, string code, string? reason, DateTimeOffset at)
    {
        Begin(to, "error"u8);
        json.WriteString("message"u8, message);
        json.WriteString("code"u8, code);
        if (reason is not null)
            json.WriteString("reason"u8, reason);
        End(at);
    }

    public void Presence(IBufferWriter<byte> to, bool here, string room, string participant, RoomRole role, DateTimeOffset at)
    {
        Begin(to, here ? "participant_joined"u8 : "participant_left"u8);
        json.WriteString("room_id"u8, room);
        json.WriteString("participant_id"u8, participant);
        json.WriteString("role"u8, NameOf(role));
        End(at);
    }

    public void Dispose() => json.Dispose();

    private static ReadOnlySpan<byte> NameOf(RoomRole role) => role == RoomRole.Producer ? "producer"u8 : "consumer"u8;

    private void Begin(IBufferWriter<byte> to, ReadOnlySpan<byte> type)
    {
        json.Reset(to);
        json.WriteStartObject();
        json.WriteString("type"u8, type);
    }

    private void End(DateTimeOffset at)
    {
        Span<byte> time = stackalloc byte[40];
        at.ToUniversalTime().TryFormat(time, out var length, TimeFormat, CultureInfo.InvariantCulture);
        json.WriteString("timestamp"u8, time[..length]);
        json.WriteEndObject();
        json.Flush();
    }
}
