using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace Armada.Core.Arena;

/// <summary>
/// Messages from JSON. Members it does not know are passed over; those it knows must have the right type and range. Where a member
/// comes twice, the last one counts, as in JavaScript.
/// </summary>
public static partial class ArenaReader
{
    /// <summary>Longest message, bytes.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>Most joints in a message; a robot has no more.</summary>
    public const int MaxJoints = 32;

    /// <summary>Longest name or id, characters.</summary>
    public const int MaxNameLength = 64;

    /// <summary>Longest text for people, characters.</summary>
    public const int MaxText = 1000;

    /// <summary>Most commands of a sequence.</summary>
    public const int MaxCommands = 1000;

    /// <summary>Longest time in a message: one hour.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromHours(1);

    /// <summary>Reads one message; never throws.</summary>
    /// <param name="utf8">All of it.</param>
    /// <param name="message">The message.</param>
    /// <param name="problem">What is wrong with it, in words.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out ArenaMessage? message, [NotNullWhen(false)] out string? problem)
    {
        message = null;
        problem = utf8.Length > MaxLength ? $"longer than {MaxLength} bytes" : Utf8.IsValid(utf8) ? null : "not UTF-8";
        if (problem is null)
            message = ReadSafely(utf8, out problem);
        if (message is not null)
            return true;
        problem ??= "no message";
        return false;
    }

    private static ArenaMessage? ReadSafely(ReadOnlySpan<byte> utf8, out string? problem)
    {
        try
        {
            var envelope = default(Envelope);
            problem = envelope.FindProblem(utf8);
            return problem is null ? ReadData(envelope, out problem) : null;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // The JSON reader's words for bad syntax and, the second, for an escape that is half a character.
            problem = malformed.Message;
            return null;
        }
    }

    /// <summary>What every message has.</summary>
    private ref struct Envelope
    {
        public string? Type;
        public string? RobotId;
        public string? SlaveId;

        /// <summary>The data member as it stands in the message; empty where there is none.</summary>
        public ReadOnlySpan<byte> Data;

        /// <summary>Reads it; null where it is sound.</summary>
        public string? FindProblem(ReadOnlySpan<byte> utf8)
        {
            var json = new Utf8JsonReader(utf8);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
                return "a message is a JSON object";
            string? problem = null;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("type"u8))
                    problem ??= TakeName(ref json, "type", out Type);
                else if (json.ValueTextEquals("robot_id"u8))
                    problem ??= TakeName(ref json, "robot_id", out RobotId);
                else if (json.ValueTextEquals("slave_id"u8))
                    problem ??= TakeName(ref json, "slave_id", out SlaveId);
                else if (json.ValueTextEquals("data"u8))
                    Data = utf8[SkipValue(ref json)];
                else
                    json.Skip();
                if (problem is not null)
                    return problem;
            }

            json.Read(); // Throws where something follows the object.
            return Type is null ? "type is missing" : null;
        }

        private static Range SkipValue(ref Utf8JsonReader json)
        {
            json.Read();
            var from = (int)json.TokenStartIndex;
            json.Skip();
            return json.TokenType == JsonTokenType.Null ? 0..0 : from..(int)json.BytesConsumed;
        }
    }
}
