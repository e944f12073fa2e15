using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Armada.Devices.Arms;

namespace Armada.Devices.Calibration;

/// <summary>LeRobot's calibration file, byte for byte: an object by joint name, each with exactly five integers.</summary>
public static class CalibrationFile
{
    private static readonly string[] Fields = ["id", "drive_mode", "homing_offset", "range_min", "range_max"];
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <exception cref="CalibrationException">It is missing, unreadable, or not a calibration of these arms.</exception>
    public static ArmCalibration Read(string path)
    {
        try
        {
            return Parse(path, File.ReadAllBytes(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CalibrationException($"{path} cannot be read: {error.Message}");
        }
    }

    /// <summary>Writes a file so that a power cut leaves the old one or the new one.</summary>
    public static void Write(string path, ArmCalibration calibration)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var unfinished = path + ".new";
        using (var stream = File.Create(unfinished))
        {
            stream.Write(Encoding.UTF8.GetBytes(Format(calibration)));
            stream.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
    }

    internal static ArmCalibration Parse(string source, ReadOnlyMemory<byte> json)
    {
        try
        {
            // Editors put a byte order mark in front.
            using var document = JsonDocument.Parse(json.Span.StartsWith(Encoding.UTF8.Preamble) ? json[Encoding.UTF8.Preamble.Length..] : json, Strict);
            return Parse(source, document.RootElement);
        }
        catch (JsonException error)
        {
            throw new CalibrationException($"{source} is not JSON: {error.Message}");
        }
    }

    private static ArmCalibration Parse(string source, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new CalibrationException($"{source}: not an object by joint name");
        if (root.TryGetProperty("motor_names", out _))
            throw new CalibrationException($"{source}: in the format of before June 2025, which means other things: calibrate again");
        foreach (var member in root.EnumerateObject())
        {
            if (!ArmJoint.All.Any(joint => joint.Name == member.Name))
                throw new CalibrationException($"{source}: unknown joint {member.Name}");
        }

        return new ArmCalibration(source, [.. ArmJoint.All.Select(joint => ParseJoint(source, joint, root))]);
    }

    private static JointCalibration ParseJoint(string source, ArmJoint joint, JsonElement root)
    {
        if (!root.TryGetProperty(joint.Name, out var element))
            throw new CalibrationException($"{source}: {joint} is missing");
        if (element.ValueKind != JsonValueKind.Object)
            throw new CalibrationException($"{source}: {joint} is not an object");
        foreach (var member in element.EnumerateObject())
        {
            if (!Fields.Contains(member.Name))
                throw new CalibrationException($"{source}: {joint}: unknown key {member.Name}");
        }

        var values = Fields.Select(field => ParseField(source, joint, element, field)).ToImmutableArray();
        if (values[0] is < 0 or > byte.MaxValue)
            throw new CalibrationException($"{source}: {joint}: id {values[0]} is no servo's");
        return new JointCalibration((byte)values[0], values[1], values[2], values[3], values[4]);
    }

    private static int ParseField(string source, ArmJoint joint, JsonElement element, string field)
    {
        if (!element.TryGetProperty(field, out var value))
            throw new CalibrationException($"{source}: {joint}: {field} is missing");
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            ? number
            : throw new CalibrationException($"{source}: {joint}: {field} is not an integer");
    }

    private static string Format(ArmCalibration calibration)
    {
        var entries = ArmJoint.All.Zip(calibration.Joints, (joint, c) => $$"""
                "{{joint.Name}}": {
                    "id": {{c.Id}},
                    "drive_mode": {{c.DriveMode}},
                    "homing_offset": {{c.HomingOffset}},
                    "range_min": {{c.RangeMin}},
                    "range_max": {{c.RangeMax}}
                }
            """);
        return $"{{\n{string.Join(",\n", entries)}\n}}";
    }
}

/// <summary>A calibration cannot be used; the message is one line that names the file or port, the joint, and what is wrong.</summary>
public sealed class CalibrationException(string message) : Exception(message);
