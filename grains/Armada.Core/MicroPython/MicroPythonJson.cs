using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Armada.Core.MicroPython;

/// <summary>
/// The JSON of SO arms whose microcontroller speaks MQTT itself: a device name and the degrees of six servos. The same message is a
/// leader's pose and a follower's command.
/// </summary>
public static class MicroPythonJson
{
    public const int Joints = 6;

    /// <summary>Longest message read, bytes; one with every digit of six doubles has under 300.</summary>
    public const int MaxLength = 2048;

    /// <summary>Longest message written, bytes.</summary>
    public const int MaxWritten = 320;

    /// <summary>Largest angle, degrees: a whole turn, which no servo of these arms makes.</summary>
    public const double MaxAngle = 360;

    /// <summary>Reads the servos' degrees; never throws. Members it does not know are passed over.</summary>
    /// <param name="degrees">At least <see cref="Joints"/> long; NaN for a servo that is not in the message or null.</param>
    public static bool TryRead(ReadOnlySpan<byte> utf8, Span<double> degrees, [NotNullWhen(false)] out string? problem)
    {
        degrees[..Joints].Fill(double.NaN);
        problem = utf8.Length > MaxLength ? $"longer than {MaxLength} bytes" : Utf8.IsValid(utf8) ? null : "not UTF-8";
        if (problem is not null)
            return false;
        try
        {
            problem = FindProblem(utf8, degrees);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // The JSON reader's words for bad syntax and, the second, for an escape that is half a character.
            problem = malformed.Message;
        }

        return problem is null;
    }

    /// <summary>Writes one message and returns its bytes; allocates nothing.</summary>
    /// <param name="destination">At least <see cref="MaxWritten"/> bytes.</param>
    /// <param name="deviceName">A device name in UTF-8, 1 to 64 bytes that need no escape in JSON.</param>
    /// <param name="degrees">One per servo; NaN leaves the servo out. Values beyond <see cref="MaxAngle"/> are clamped.</param>
    public static int Write(Span<byte> destination, ReadOnlySpan<byte> deviceName, ReadOnlySpan<double> degrees)
    {
        var at = Put(destination, 0, "{\"device_name\":\""u8);
        at = Put(destination, at, deviceName);
        at = Put(destination, at, "\""u8);
        for (var joint = 0; joint < Joints; joint++)
        {
            if (double.IsNaN(degrees[joint]))
                continue;
            at = Put(destination, at, ",\""u8);
            at = Put(destination, at, NameOf(joint));
            at = Put(destination, at, "\":"u8);
            var angle = Math.Round(Math.Clamp(degrees[joint], -MaxAngle, MaxAngle), 2) + 0.0; // Plus zero: never -0.
            angle.TryFormat(destination[at..], out var written, "0.0#", CultureInfo.InvariantCulture);
            at += written;
        }

        return Put(destination, at, "}"u8);
    }

    private static string? FindProblem(ReadOnlySpan<byte> utf8, Span<double> degrees)
    {
        var json = new Utf8JsonReader(utf8);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            return "no JSON object";
        var found = false;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var joint = IndexOf(ref json);
            json.Read();
            if (joint < 0)
            {
                json.Skip();
            }
            else if (json.TokenType != JsonTokenType.Null)
            {
                // Written so that a NaN fails.
                if (json.TokenType != JsonTokenType.Number || !json.TryGetDouble(out var angle) || !(Math.Abs(angle) <= MaxAngle))
                    return $"servo {joint + 1} must be a number within ±{MaxAngle}";
                degrees[joint] = angle;
                found = true;
            }
        }

        json.Read(); // Throws where something follows the object.
        return found ? null : "no servo has a value";
    }

    private static int IndexOf(ref Utf8JsonReader json)
    {
        for (var joint = 0; joint < Joints; joint++)
        {
            if (json.ValueTextEquals(NameOf(joint)))
                return joint;
        }

        return -1;
    }

    private static ReadOnlySpan<byte> NameOf(int joint) => joint switch
    {
        0 => "servo_1_shoulder_pan"u8,
        1 => "servo_2_shoulder_lift"u8,
        2 => "servo_3_elbow_flex"u8,
        3 => "servo_4_wrist_flex"u8,
        4 => "servo_5_wrist_roll"u8,
        _ => "servo_6_gripper"u8,
    };

    private static int Put(Span<byte> destination, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(destination[at..]);
        return at + text.Length;
    }
}
