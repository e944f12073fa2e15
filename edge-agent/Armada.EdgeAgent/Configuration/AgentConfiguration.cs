using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Armada.Wire.Topics;

namespace Armada.EdgeAgent.Configuration;

/// <summary>What one agent runs: the content of its configuration file, checked.</summary>
public sealed record AgentConfiguration
{
    /// <summary>The MQTT broker; null for an agent without a network.</summary>
    public BrokerSettings? Broker { get; init; }

    /// <summary>Root of the topics, the same as the silo's.</summary>
    public string TopicRoot { get; init; } = TopicMap.DefaultRoot;

    /// <summary>The arms this agent owns, one or more.</summary>
    public required ImmutableArray<DeviceSettings> Devices { get; init; }

    /// <summary>Leaders and followers joined inside this agent, without a silo.</summary>
    public ImmutableArray<LocalPairSettings> Local { get; init; } = [];

    /// <summary>Path of the unix socket that takes stop, reset and status; null for <see cref="Stops.ControlSocket.DefaultPath"/>.</summary>
    public string? ControlSocket { get; init; }
}

/// <summary>Where the broker is.</summary>
public sealed record BrokerSettings
{
    /// <summary>Host name or address.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Port; null for 1883, or 8883 with TLS.</summary>
    public int? Port { get; init; }

    /// <summary>TLS, or null for a plain connection.</summary>
    public TlsSettings? Tls { get; init; }
}

/// <summary>TLS with this agent's certificate; PEM files, relative to the configuration file.</summary>
public sealed record TlsSettings
{
    /// <summary>Authority that signed the broker's certificate.</summary>
    public required string Ca { get; init; }

    /// <summary>The agent's certificate; <c>{device}</c> in it stands for the device's name.</summary>
    public string? Certificate { get; init; }

    /// <summary>The agent's private key; <c>{device}</c> in it stands for the device's name.</summary>
    public string? Key { get; init; }
}

/// <summary>What to do when a follower's servos and its calibration file differ.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CalibrationMismatch>))]
public enum CalibrationMismatch
{
    /// <summary>Leave the arm without torque and say which joint differs.</summary>
    [JsonStringEnumMemberName("refuse")] Refuse,

    /// <summary>Write the file's values into the servos.</summary>
    [JsonStringEnumMemberName("write-servos")] WriteServos,
}

/// <summary>One arm.</summary>
public sealed record DeviceSettings
{
    /// <summary>The calibration that is read from the servos themselves.</summary>
    public const string FromEeprom = "eeprom";

    /// <summary>Ticks per second of a leader.</summary>
    public const double LeaderRateHz = 100;

    /// <summary>Ticks per second of a follower.</summary>
    public const double FollowerRateHz = 200;

    /// <summary>Device name: MQTT client id and topic level.</summary>
    public required string Name { get; init; }

    /// <summary>Such as so101-leader.</summary>
    public required string Kind { get; init; }

    /// <summary>Serial port, such as /dev/ttyACM0.</summary>
    public required string Port { get; init; }

    /// <summary>LeRobot calibration file, relative to the configuration file, or <see cref="FromEeprom"/>.</summary>
    public string Calibration { get; init; } = FromEeprom;

    /// <summary>Ticks per second, 10 to 500; null for <see cref="LeaderRateHz"/> or <see cref="FollowerRateHz"/>.</summary>
    public double? RateHz { get; init; }

    /// <summary>Followers: states read and published per second, 1 to the rate; null for 50.</summary>
    public double? StateRateHz { get; init; }

    /// <summary>Leaders: change that is published at once, in joint units, 0 to 10; null for 0.1.</summary>
    public double? DeadbandDeg { get; init; }

    /// <summary>Followers: fastest move of a joint, units per second, 1 to 1000; null for each joint's own limit.</summary>
    public double? MaxVelocity { get; init; }

    /// <summary>What to do when servos and calibration file differ.</summary>
    public CalibrationMismatch OnCalibrationMismatch { get; init; } = CalibrationMismatch.Refuse;
}

/// <summary>A leader and its followers on one agent.</summary>
public sealed record LocalPairSettings
{
    /// <summary>Name of a leader among the devices.</summary>
    public required string Leader { get; init; }

    /// <summary>Names of followers among the devices.</summary>
    public required ImmutableArray<string> Followers { get; init; }
}

/// <summary>A configuration with which no agent can run; the message is one line that names the thing and what to do.</summary>
public sealed class ConfigurationException(string message, Exception? cause = null) : Exception(message, cause);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    ReadCommentHandling = System.Text.Json.JsonCommentHandling.Skip,
    AllowTrailingCommas = true)]
[JsonSerializable(typeof(AgentConfiguration))]
internal sealed partial class ConfigurationJson : JsonSerializerContext;
