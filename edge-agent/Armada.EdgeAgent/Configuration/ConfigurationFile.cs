using System.Net;
using System.Text.Json;
using Armada.Core.Devices;
using Armada.Core.Topics;
using Armada.Devices.Arms;
using Armada.Devices.Calibration;

namespace Armada.EdgeAgent.Configuration;

public static class ConfigurationFile
{
    // Of a systemd service with one.
    private const string StateDirectory = "STATE_DIRECTORY";

    /// <summary>Reads and checks a file; file names in it become absolute, relative to the file's own folder.</summary>
    /// <exception cref="ConfigurationException">It cannot be read, is not JSON, has an unknown member or a value out of range.</exception>
    public static AgentConfiguration Load(string path)
    {
        var full = Path.GetFullPath(path);
        var configuration = Parse(path, ReadText(path));
        ConfigurationRules.Check(path, configuration);
        return Anchor(configuration, Path.GetDirectoryName(full) ?? "/");
    }

    /// <summary>Reads a device's calibration file, if it has one.</summary>
    /// <exception cref="ConfigurationException">It cannot be used.</exception>
    internal static void CheckCalibration(DeviceSettings settings)
    {
        try
        {
            if (settings.Calibration != DeviceSettings.FromEeprom)
                CalibrationFile.Read(settings.Calibration);
        }
        catch (CalibrationException e)
        {
            throw new ConfigurationException(
                $"device '{settings.Name}': calibration {e.Message}; name LeRobot's file for this arm, or \"{DeviceSettings.FromEeprom}\"", e);
        }
    }

    internal static TlsOptions Anchor(TlsOptions tls, string folder) =>
        tls with { Ca = At(folder, tls.Ca), Certificate = At(folder, tls.Certificate), Key = At(folder, tls.Key) };

    private static byte[] ReadText(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ConfigurationException($"{path}: no such file; give the agent's configuration with --config FILE", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{path}: cannot be read ({e.Message}); check its permissions", e);
        }
    }

    /// <summary>Reads a file as it stands, without checking whether an agent could run it.</summary>
    /// <exception cref="ConfigurationException">It is not JSON, or has an unknown member.</exception>
    internal static AgentConfiguration Parse(string path, byte[] text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, ConfigurationJson.Default.AgentConfiguration)
                ?? throw new ConfigurationException($"{path}: is null; it must be an object with \"devices\"");
        }
        catch (JsonException e)
        {
            throw new ConfigurationException($"{path}: {Where(e)}{Reason(e)}", e);
        }
    }

    private static string Where(JsonException e) =>
        e.LineNumber is { } line ? $"line {line + 1}{(e.Path is { Length: > 2 } at ? $", {at[2..]}" : "")}: " : "";

    private static string Reason(JsonException e)
    {
        var text = e.Message;
        if (text.Contains("could not be mapped", StringComparison.Ordinal))
            return $"unknown member {(text.Split('\'') is [_, var member, ..] ? $"\"{member}\"" : "")}; remove it or correct its name";
        if (text.Contains("missing required properties", StringComparison.Ordinal))
            return $"missing {text[(text.LastIndexOf(':') + 2)..].TrimEnd('.')}; add it";
        if (text.Contains("could not be converted", StringComparison.Ordinal))
            return "the value is of the wrong type or not one of those allowed; correct it";
        return $"is not valid JSON ({text.Split(" LineNumber:")[0].Split(" Path:")[0].TrimEnd('.')}); correct it";
    }

    private static AgentConfiguration Anchor(AgentConfiguration configuration, string folder) => configuration with
    {
        Broker = configuration.Broker is { Tls: { } tls } broker
            ? broker with { Tls = Anchor(tls, folder) }
            : configuration.Broker,
        Devices = [.. configuration.Devices.Select(device =>
            device.Calibration == DeviceSettings.FromEeprom ? device : device with { Calibration = At(folder, device.Calibration) })],
        ControlSocket = At(folder, configuration.ControlSocket),
        ArmsFolder = At(folder, configuration.ArmsFolder ?? Environment.GetEnvironmentVariable(StateDirectory) ?? "arms"),
    };

    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(path))]
    private static string? At(string folder, string? path) => path is null ? null : Path.GetFullPath(path, folder);
}

/// <summary>What a configuration must be beyond its types. Each broken rule is one line that names the member and what to do.</summary>
internal static class ConfigurationRules
{
    public static void Check(string path, AgentConfiguration configuration)
    {
        if (Broken(configuration) is { } line)
            throw new ConfigurationException($"{path}: {line}");
    }

    private static string? Broken(AgentConfiguration configuration)
    {
        if (configuration.Devices.IsDefaultOrEmpty)
            return "devices: is empty; name at least one arm";
        return RootProblem(configuration.TopicRoot)
            ?? (configuration.Serial is null or AgentConfiguration.SystemSerial
                ? null
                : $"serial: '{configuration.Serial}' is unknown; use \"{AgentConfiguration.SystemSerial}\", or leave it out")
            ?? (configuration.Broker is { } broker ? Broker(broker) : null)
            ?? First(configuration.Devices, Device)
            ?? First(configuration.Devices, (device, index) => Paths(device, index, configuration.Broker))
            ?? Repeated("name", configuration.Devices.Select(device => device.Name))
            ?? Repeated("port", configuration.Devices.Select(device => device.Port))
            ?? Pairs(configuration)
            ?? (configuration.Broker is null && configuration.Local.Length == 0
                ? "broker and local are both absent, so nothing could move the arms; add one of them"
                : null);
    }

    public static string? RootProblem(string root)
    {
        try
        {
            _ = new TopicMap(root);
            return null;
        }
        catch (ArgumentException e)
        {
            return $"topic_root: {e.Message.Split(" (Parameter")[0]}";
        }
    }

    private static string? Broker(BrokerOptions broker)
    {
        if (broker.Port is < 1 or > 65535)
            return $"broker.port: {broker.Port} is not a port; give 1 to 65535";
        if (broker.Hosts.IsEmpty)
            return "broker.hosts: is empty; give the broker's host name or address";
        if (broker.Hosts.FirstOrDefault(host => !HostPort.TryParse(host, broker.PortOrDefault, out _)) is { } wrong)
            return $"broker.hosts: '{wrong}' is no host; give a name or address, with a port where it is another one, such as pi.local:8884";
        if (broker.Tls is null && !broker.Insecure && broker.Hosts.FirstOrDefault(host => !IsLoopback(host)) is { } far)
            return $"broker: '{far}' is another machine, and without tls anybody on the network may move the arms; add broker.tls, or \"insecure\": true";
        return broker.Tls is { } tls && tls.Certificate is null != tls.Key is null
            ? "broker.tls: certificate and key come together; give both or neither"
            : null;
    }

    private static bool IsLoopback(string text) =>
        HostPort.TryParse(text, defaultPort: 1, out var at)
        && (at.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(at.Host, out var address) && IPAddress.IsLoopback(address)));

    private static string? Device(DeviceSettings device, int index)
    {
        var at = $"devices[{index}]";
        if (!DeviceName.IsValid(device.Name))
            return $"{at}.name: '{device.Name}' is not a device name; use 1 to 64 letters, digits, '-' and '_'";
        at = $"{at} ({device.Name})";
        if (ArmKind.Find(device.Kind) is not { } kind)
            return $"{at}.kind: '{device.Kind}' is unknown; use one of {string.Join(", ", ArmKind.All)}";
        if (device.Port.Length == 0)
            return $"{at}.port: is empty; give the serial port, such as /dev/serial/by-id/…";
        if (device.Calibration.Length == 0)
            return $"{at}.calibration: is empty; give a LeRobot calibration file or \"{DeviceSettings.FromEeprom}\"";
        return kind.IsLeader
            ? Absent(at, "state_rate_hz", device.StateRateHz, "followers")
                ?? Absent(at, "max_velocity", device.MaxVelocity, "followers")
                ?? Absent(at, "rest_pose", device.RestPose, "followers")
                ?? Absent(at, "at_end", device.AtEnd, "followers")
                ?? Absent(at, "playout", device.Playout, "followers")
                ?? Range(at, "rate_hz", device.RateHz, 10, 500)
                ?? Range(at, "deadband_deg", device.DeadbandDeg, 0, 10)
            : Absent(at, "deadband_deg", device.DeadbandDeg, "leaders")
                ?? Range(at, "rate_hz", device.RateHz, 10, 500)
                ?? Range(at, "state_rate_hz", device.StateRateHz, 1, device.RateHz ?? DeviceSettings.FollowerRateHz)
                ?? Range(at, "max_velocity", device.MaxVelocity, 1, 1000)
                ?? RestPose(at, device);
    }

    private static string? RestPose(string at, DeviceSettings device)
    {
        if (device.RestPose is not { } pose)
            return device.AtEnd == AtEnd.Park ? $"{at}.at_end: \"park\" needs a rest_pose; add one, or use \"hold\" or \"release\"" : null;
        return pose.Count == ArmJoint.Count && ArmJoint.All.All(joint => pose.ContainsKey(joint.Name))
            ? null
            : $"{at}.rest_pose: names {string.Join(", ", pose.Keys.Order(StringComparer.Ordinal))}; give a position for each of {string.Join(", ", ArmJoint.All)}";
    }

    private static string? Paths(DeviceSettings device, int index, BrokerOptions? broker)
    {
        var at = $"devices[{index}] ({device.Name})";
        if (device.Paths is not (1 or 2))
            return $"{at}.paths: {device.Paths} is out of range; give 1 or 2";
        if (!device.Interfaces.IsDefault && device.Interfaces.Length != device.Paths)
            return $"{at}.interfaces: has {device.Interfaces.Length} for {device.Paths} path(s); give one for each, \"\" where the machine is to choose";
        if (!device.Interfaces.IsDefault && !OperatingSystem.IsLinux()
            && device.Interfaces.FirstOrDefault(name => name is { Length: > 0 } && !IPAddress.TryParse(name, out _)) is { } name)
            return $"{at}.interfaces: '{name}' is no address, and interfaces are known by their name on Linux only; give the interface's address";
        return device is { Paths: 2, BilledPaths: false } && broker?.BillsMessages == true
            ? $"{at}.paths: this broker bills each message, and two paths double them; add \"billed_paths\": true to have them all the same, or remove paths"
            : null;
    }

    private static string? Pairs(AgentConfiguration configuration)
    {
        var kinds = configuration.Devices.ToDictionary(device => device.Name, device => ArmKind.Find(device.Kind)!);
        return First(configuration.Local, (pair, index) =>
            {
                var at = $"local[{index}]";
                if (!kinds.TryGetValue(pair.Leader, out var leader) || !leader.IsLeader)
                    return $"{at}.leader: '{pair.Leader}' is not a leader among the devices; name one";
                if (pair.Followers.IsDefaultOrEmpty)
                    return $"{at}.followers: is empty; name at least one follower among the devices";
                return pair.Followers.FirstOrDefault(name => !kinds.TryGetValue(name, out var kind) || kind.IsLeader) is { } odd
                    ? $"{at}.followers: '{odd}' is not a follower among the devices; name one"
                    : null;
            })
            ?? Repeated("local device", configuration.Local.SelectMany(pair => pair.Followers.Prepend(pair.Leader)));
    }

    private static string? Absent(string at, string member, object? value, string whose) =>
        value is null ? null : $"{at}.{member}: is for {whose} only; remove it";

    private static string? Range(string at, string member, double? value, double min, double max) =>
        value is null || (value >= min && value <= max) ? null : $"{at}.{member}: {value} is out of range; give {min} to {max}";

    private static string? Repeated(string what, IEnumerable<string> values) =>
        values.GroupBy(value => value, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? $"{what} '{twice.Key}' is used twice; each device needs its own"
            : null;

    private static string? First<T>(IEnumerable<T> items, Func<T, int, string?> rule) =>
        items.Select(rule).FirstOrDefault(line => line is not null);
}
