using System.Text.Json;

namespace Armada.Core.Arena;

public static partial class ArenaReader
{
    private static ArenaMessage? ReadData(in Envelope envelope, out string? problem)
    {
        problem = null;
        var message = envelope.Type switch
        {
            "command" => ReadCommand(envelope.Data, out problem),
            "sequence" => ReadSequence(envelope.Data, out problem),
            "slave_status" => ReadReadings(envelope.Data, out problem) is { } status ? new ArenaMessage.SlaveStatus([.. status]) : null,
            "joint_states" => ReadReadings(envelope.Data, out problem) is { } states ? new ArenaMessage.JointStates([.. states]) : null,
            "command_ack" => ReadAck(envelope.Data, out problem),
            "error" => ReadError(envelope.Data, out problem),
            "status_request" => new ArenaMessage.StatusRequest(),
            "heartbeat" => new ArenaMessage.Heartbeat(),
            "heartbeat_ack" => new ArenaMessage.HeartbeatAck(),
            "status" => new ArenaMessage.Status(),
            _ => (ArenaMessage?)null,
        };
        if (message is null)
            problem ??= $"type '{envelope.Type}' is unknown";
        return message is null ? null : message with { RobotId = envelope.RobotId, SlaveId = envelope.SlaveId };
    }

    private static ArenaMessage.Command? ReadCommand(ReadOnlySpan<byte> data, out string? problem)
    {
        var json = new Utf8JsonReader(data);
        List<RawJoint>? joints = null;
        double? duration = null;
        problem = Open(ref json, data, "data");
        while (problem is null && json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("joints"u8))
                problem = TakeJoints(ref json, out joints);
            else if (json.ValueTextEquals("duration"u8))
                problem = TakeNumber(ref json, "duration", out duration);
            else
                json.Skip();
        }

        problem ??= joints is null ? "data.joints is missing" : FindGoalProblem(joints) ?? FindTimeProblem("duration", duration);
        return problem is null ? new ArenaMessage.Command([.. joints!.Select(GoalOf)], TimeOf(duration)) : null;
    }

    private static IEnumerable<ArenaReading>? ReadReadings(ReadOnlySpan<byte> data, out string? problem)
    {
        var json = new Utf8JsonReader(data);
        List<RawJoint>? joints = null;
        problem = Open(ref json, data, "data");
        while (problem is null && json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("joints"u8))
                problem = TakeJoints(ref json, out joints);
            else
                json.Skip();
        }

        problem ??= joints is null ? "data.joints is missing" : null;
        return problem is null ? joints!.Select(joint => new ArenaReading(joint.Name!, joint.Virtual, joint.Real)) : null;
    }

    private static ArenaMessage.CommandAck? ReadAck(ReadOnlySpan<byte> data, out string? problem)
    {
        problem = null;
        bool? accepted = true;
        string? reason = null;
        if (data.IsEmpty)
            return new ArenaMessage.CommandAck(true, null);
        var json = new Utf8JsonReader(data);
        problem = Open(ref json, data, "data");
        while (problem is null && json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("accepted"u8))
                problem = TakeBool(ref json, "accepted", out accepted);
            else if (json.ValueTextEquals("reason"u8))
                problem = TakeText(ref json, "reason", MaxText, out reason);
            else
                json.Skip();
        }

        return problem is null ? new ArenaMessage.CommandAck(accepted ?? true, reason) : null;
    }

    private static ArenaMessage.Error? ReadError(ReadOnlySpan<byte> data, out string? problem)
    {
        problem = null;
        string? code = null, text = null;
        if (data.IsEmpty)
            return new ArenaMessage.Error(null, "");
        var json = new Utf8JsonReader(data);
        problem = Open(ref json, data, "data");
        while (problem is null && json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("code"u8))
                problem = TakeName(ref json, "code", out code);
            else if (json.ValueTextEquals("message"u8))
                problem = TakeText(ref json, "message", MaxText, out text);
            else
                json.Skip();
        }

        return problem is null ? new ArenaMessage.Error(code, text ?? "") : null;
    }
}
