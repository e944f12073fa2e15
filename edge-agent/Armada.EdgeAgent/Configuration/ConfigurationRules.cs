using System.Net;
using Armada.Core.Topics;

namespace Armada.EdgeAgent.Configuration;

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
        return Root(configuration.TopicRoot)
            ?? (configuration.Broker is { } broker ? Broker(broker) : null)
            ?? First(configuration.Devices, Device)
            ?? Repeated("name", configuration.Devices.Select(device => device.Name))
            ?? Repeated("port", configuration.Devices.Select(device => device.Port))
            ?? Pairs(configuration)
            ?? (configuration.Broker is null && configuration.Local.Length == 0
                ? "broker and local are both absent, so nothing could move the arms; add one of them"
                : null);
    }

    private static string? Root(string root)
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

    private static string? Broker(BrokerSettings broker)
    {
        if (broker.Host.Length == 0)
            return "broker.host: is empty; give the broker's host name or address";
        if (broker.Port is < 1 or > 65535)
            return $"broker.port: {broker.Port} is no port; give 1 to 65535";
        if (broker.Tls is null && !broker.Insecure && !IsLoopback(broker.Host))
            return $"broker: '{broker.Host}' is another machine, and without tls anybody on the way may move the arms; add broker.tls, or \"insecure\": true";
        return broker.Tls is { } tls && tls.Certificate is null != tls.Key is null
            ? "broker.tls: certificate and key come together; give both or neither"
            : null;
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static string? Device(DeviceSettings device, int index)
    {
        var at = $"devices[{index}]";
        if (!DeviceName.IsValid(device.Name))
            return $"{at}.name: '{device.Name}' is no device name; use 1 to 64 letters, digits, '-' and '_'";
        at = $"{at} ({device.Name})";
        if (DeviceRole.Of(device.Kind) is not { } role)
            return $"{at}.kind: '{device.Kind}' is unknown; use one of {string.Join(", ", DeviceRole.Kinds)}";
        if (device.Port.Length == 0)
            return $"{at}.port: is empty; give the serial port, such as /dev/ttyACM0";
        if (device.Calibration.Length == 0)
            return $"{at}.calibration: is empty; give a LeRobot calibration file or \"{DeviceSettings.FromEeprom}\"";
        return role.IsLeader
            ? Absent(at, "state_rate_hz", device.StateRateHz, "followers")
                ?? Absent(at, "max_velocity", device.MaxVelocity, "followers")
                ?? Range(at, "rate_hz", device.RateHz, 10, 500)
                ?? Range(at, "deadband_deg", device.DeadbandDeg, 0, 10)
            : Absent(at, "deadband_deg", device.DeadbandDeg, "leaders")
                ?? Range(at, "rate_hz", device.RateHz, 10, 500)
                ?? Range(at, "state_rate_hz", device.StateRateHz, 1, device.RateHz ?? DeviceSettings.FollowerRateHz)
                ?? Range(at, "max_velocity", device.MaxVelocity, 1, 1000);
    }

    private static string? Pairs(AgentConfiguration configuration)
    {
        var roles = configuration.Devices.ToDictionary(device => device.Name, device => DeviceRole.Of(device.Kind)!);
        return First(configuration.Local, (pair, index) =>
            {
                var at = $"local[{index}]";
                if (!roles.TryGetValue(pair.Leader, out var leader) || !leader.IsLeader)
                    return $"{at}.leader: '{pair.Leader}' is no leader among the devices; name one";
                if (pair.Followers.IsDefaultOrEmpty)
                    return $"{at}.followers: is empty; name at least one follower among the devices";
                return pair.Followers.FirstOrDefault(name => !roles.TryGetValue(name, out var role) || role.IsLeader) is { } odd
                    ? $"{at}.followers: '{odd}' is no follower among the devices; name one"
                    : null;
            })
            ?? Repeated("local device", configuration.Local.SelectMany(pair => pair.Followers.Prepend(pair.Leader)));
    }

    private static string? Absent(string at, string member, double? value, string whose) =>
        value is null ? null : $"{at}.{member}: is for {whose} only; remove it";

    private static string? Range(string at, string member, double? value, double least, double most) =>
        value is null || (value >= least && value <= most) ? null : $"{at}.{member}: {value} is out of range; give {least} to {most}";

    private static string? Repeated(string what, IEnumerable<string> values) =>
        values.GroupBy(value => value, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? $"{what} '{twice.Key}' is used twice; each device needs its own"
            : null;

    private static string? First<T>(IEnumerable<T> items, Func<T, int, string?> rule) =>
        items.Select(rule).FirstOrDefault(line => line is not null);
}
