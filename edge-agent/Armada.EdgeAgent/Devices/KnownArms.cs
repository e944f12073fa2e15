using System.Text.Json;
using System.Text.Json.Serialization;
using Armada.Devices.Arms;
using Armada.Devices.Calibration;
using Armada.EdgeAgent.Identities;

namespace Armada.EdgeAgent.Devices;

/// <summary>Which arm each device of this agent is: learned when it first runs, recognized ever after. Exchanged ports are found, and each
/// device is given the port that its arm is at. Any thread.</summary>
/// <param name="folder">Keeps one file a device; null: they are known as long as the agent runs.</param>
internal sealed partial class KnownArms(string? folder, IReadOnlyList<DeviceSettings> devices, ILogger<KnownArms> logger)
{
    // Fewer servos that answer are not enough to say whose arm it is.
    private const int MinServos = 4;

    private readonly Lock owner = new();
    private readonly Dictionary<string, ArmFingerprint> learned = [];
    private readonly Dictionary<string, string> found = []; // The port where a device's arm was seen, by device.
    private readonly HashSet<string> missing = [];
    private readonly HashSet<string> running = [];

    /// <summary>Where a device's arm is: as configured, unless it is not there and was seen at another port.</summary>
    public string PortOf(DeviceSettings device)
    {
        lock (owner)
            return missing.Contains(device.Name) && found.TryGetValue(device.Name, out var port) ? port : device.Port;
    }

    /// <summary>Says that a device's arm is not at its configured port.</summary>
    public void Miss(string device)
    {
        lock (owner)
            missing.Add(device);
    }

    /// <summary>Recognizes the arm at a device's port, before anything is written to it.</summary>
    /// <param name="fits">Whether its servos are those of the device's calibration file: then it may have been calibrated again.</param>
    /// <exception cref="ArmNotReadyException">It is another device's arm, or an unknown one.</exception>
    public void Recognize(DeviceSettings device, string port, ArmFingerprint arm, bool fits)
    {
        lock (owner)
        {
            var own = Find(device.Name);
            if (own is not null && arm.DifferencesTo(own) is [])
            {
                if (port == device.Port)
                    missing.Remove(device.Name);
                return;
            }

            var others = devices.Where(other => other.Name != device.Name && !running.Contains(other.Name) && IsOf(other, arm, fits)).ToArray();
            if (others is [var other])
                throw new ArmNotReadyException(Exchange(device, other, port));
            if (own is not null && !fits)
                throw new ArmNotReadyException(Unknown(device, port, arm.DifferencesTo(own)));
        }
    }

    /// <summary>Keeps what arm a device has, now that it runs.</summary>
    public void Learn(string device, ArmFingerprint arm)
    {
        lock (owner)
        {
            running.Add(device);
            if (!arm.IsComplete || (Find(device) is { } known && known.Servos.AsSpan().SequenceEqual(arm.Servos.AsSpan())))
                return;
            learned[device] = arm;
            if (folder is not null)
                Write(device, arm);
        }
    }

    public void Leave(string device)
    {
        lock (owner)
            running.Remove(device);
    }

    /// <summary>Forgets the arm of a device, so that the next one at its port is its own.</summary>
    /// <returns>Whether one was known.</returns>
    /// <exception cref="ConfigurationException">Its file cannot be deleted.</exception>
    public static bool Forget(string folder, string device)
    {
        try
        {
            var isKnown = File.Exists(FileOf(folder, device));
            File.Delete(FileOf(folder, device));
            return isKnown;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{FileOf(folder, device)} cannot be deleted: {e.Message}", e);
        }
    }

    private string Exchange(DeviceSettings device, DeviceSettings other, string port)
    {
        found[other.Name] = port;
        missing.Add(device.Name);
        var isElsewhere = found.TryGetValue(device.Name, out var elsewhere) && elsewhere != port;
        if (!isElsewhere)
            found.Remove(device.Name);
        return isElsewhere
            ? $"{port} has the arm of '{other.Name}', and {elsewhere} that of '{device.Name}': these two ports are exchanged. Each device uses the port of its arm; "
                + "name the ports by /dev/serial/by-id in the configuration, or by /dev/serial/by-path where adapters have no serial numbers"
            : $"{port} has the arm of '{other.Name}', not that of '{device.Name}': plug that in, or name its port";
    }

    private string Unknown(DeviceSettings device, string port, IReadOnlyList<string> differences)
    {
        found.Remove(device.Name);
        return $"the arm at {port} is not the one that '{device.Name}' had ({differences[0]}{(differences.Count > 1 ? $", and {differences.Count - 1} more" : "")}): "
            + $"name the right port; if it was calibrated again or has a new servo: armada-edge forget --config FILE --device {device.Name}";
    }

    private bool IsOf(DeviceSettings device, ArmFingerprint arm, bool storedOnly)
    {
        var known = Find(device.Name) ?? (storedOnly ? null : OfFile(device));
        return known is not null && arm.Servos.Zip(known.Servos).Count(pair => pair is { First: not null, Second: not null }) >= MinServos
            && arm.DifferencesTo(known) is [];
    }

    private static ArmFingerprint? OfFile(DeviceSettings device)
    {
        try
        {
            return device.Calibration == DeviceSettings.FromEeprom ? null : ArmFingerprint.Of(CalibrationFile.Read(device.Calibration));
        }
        catch (CalibrationException)
        {
            // That device's own session says so.
            return null;
        }
    }

    private ArmFingerprint? Find(string device)
    {
        if (folder is null)
            return learned.GetValueOrDefault(device);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(FileOf(folder, device)), KnownArmsJson.Default.ArmFingerprint) is { } arm
                && arm.Servos is { IsDefault: false, Length: ArmJoint.Count } ? arm : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            LogUnreadable(device, FileOf(folder, device), e.Message);
            return learned.GetValueOrDefault(device);
        }
    }

    private void Write(string device, ArmFingerprint arm)
    {
        try
        {
            Directory.CreateDirectory(folder!);
            DurableFile.Write(FileOf(folder!, device), JsonSerializer.SerializeToUtf8Bytes(arm, KnownArmsJson.Default.ArmFingerprint));
            LogLearned(device);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotKept(device, FileOf(folder!, device), e.Message);
        }
    }

    private static string FileOf(string folder, string device) => Path.Combine(folder, $"{device}.json");

    [LoggerMessage(3030, LogLevel.Information, "{Device}: its arm is known from now on")]
    private partial void LogLearned(string device);

    [LoggerMessage(3031, LogLevel.Warning, "{Device}: its arm cannot be remembered in {File}, so that exchanged ports may not be found: {Problem}")]
    private partial void LogNotKept(string device, string file, string problem);

    [LoggerMessage(3032, LogLevel.Warning, "{Device}: {File} cannot be read, so that its arm is not recognized: {Problem}")]
    private partial void LogUnreadable(string device, string file, string problem);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ArmFingerprint))]
internal sealed partial class KnownArmsJson : JsonSerializerContext;
