using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Armada.Core.Routing;
using Armada.Core.Topics;

namespace Armada.EdgeAgent.Configuration;

/// <summary>What one agent runs: the content of its configuration file, checked.</summary>
/// <param name="Devices">The arms this agent owns, one or more.</param>
/// <param name="Broker">The MQTT broker; null for an agent without a network.</param>
/// <param name="TopicRoot">Root of the topics, the same as the silo's.</param>
/// <param name="Local">Leaders and followers joined inside this agent, without a silo.</param>
/// <param name="ControlSocket">
/// Path of the unix socket that takes stop, reset, recover and status; null for the first of <see cref="Stops.ControlSocketPlaces"/>.
/// </param>
/// <param name="Serial"><see cref="SystemSerial"/> opens serial ports through System.IO.Ports on Linux too; null: the platform's own way.</param>
/// <param name="ArmsFolder">Where it keeps what tells each arm from others; in a file null for "arms" beside it.</param>
public sealed record AgentConfiguration(
    ImmutableArray<DeviceSettings> Devices,
    BrokerOptions? Broker = null,
    string TopicRoot = TopicMap.DefaultRoot,
    ImmutableArray<LocalPairSettings> Local = default,
    string? ControlSocket = null,
    string? Serial = null,
    string? ArmsFolder = null)
{
    public const string SystemSerial = "system";

    public bool UsesSystemSerial => Serial == SystemSerial;
    public ImmutableArray<LocalPairSettings> Local { get; init; } = Local.IsDefault ? [] : Local;
}

/// <param name="Hosts">Brokers, or silos of one cluster, each as host or host:port; the agent connects to any one and goes to the next when it is lost.</param>
/// <param name="Port">Of the hosts without one; null for 1883, or 8883 with TLS.</param>
/// <param name="Tls">Null for a plain connection.</param>
/// <param name="Insecure">Whether a broker on another machine may be used without TLS.</param>
/// <param name="Profile">How states are sent; null: as suits the broker.</param>
public sealed record BrokerOptions(
    ImmutableArray<string> Hosts = default, int? Port = null, TlsOptions? Tls = null, bool Insecure = false, LinkProfile? Profile = null)
{
    public ImmutableArray<string> Hosts { get; init; } = Hosts.IsDefault ? ["127.0.0.1"] : Hosts;

    /// <summary>Whether it bills each message, as AWS IoT Core does.</summary>
    public bool BillsMessages =>
        Profile == LinkProfile.AwsIot
        || Tls is { OtherSigner: true }
        || Hosts.Any(host => host.Split(':')[0].EndsWith(".amazonaws.com", StringComparison.OrdinalIgnoreCase));

    public LinkProfile ProfileOrDefault => Profile ?? (BillsMessages ? LinkProfile.AwsIot : LinkProfile.Lan);

    public int PortOrDefault => Port ?? (Tls is null ? 1883 : 8883);
}

/// <summary>TLS with each device's certificate; PEM files, relative to the configuration file.</summary>
/// <param name="Ca">Authority that signed the broker's certificate.</param>
/// <param name="Certificate">The device's certificate; <c>{device}</c> in it stands for the device's name.</param>
/// <param name="Key">The device's private key; <c>{device}</c> in it stands for the device's name.</param>
/// <param name="OtherSigner">
/// Whether devices' certificates are signed by somebody else than <paramref name="Ca"/>, and without the device's name, as AWS IoT Core's are.
/// </param>
public sealed record TlsOptions(string Ca, string? Certificate = null, string? Key = null, bool OtherSigner = false);

[JsonConverter(typeof(JsonStringEnumConverter<LinkProfile>))]
public enum LinkProfile
{
    [JsonStringEnumMemberName("lan")] Lan, // Each state at once, in a message of its own.
    [JsonStringEnumMemberName("aws-iot")] AwsIot, // Few messages: the states of a twentieth of a second in one.
}

[JsonConverter(typeof(JsonStringEnumConverter<OnMismatch>))]
public enum OnMismatch
{
    [JsonStringEnumMemberName("refuse")] Refuse, // Leave the arm without torque and say which joint differs.
    [JsonStringEnumMemberName("write-servos")] WriteServos, // Write the file's values into the servos.
}

/// <summary>How a follower is left when its agent ends.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AtEnd>))]
public enum AtEnd
{
    [JsonStringEnumMemberName("hold")] Hold, // It keeps its pose; torque stays on.
    [JsonStringEnumMemberName("release")] Release, // Its torque goes off where it stands, so that it falls.
    [JsonStringEnumMemberName("park")] Park, // It moves slowly to its rest pose, then its torque goes off.
}

/// <summary>What an arm's supply gives.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Supply>))]
public enum Supply
{
    [JsonStringEnumMemberName("5v")] Volts5, // A kit with 7.4 V servos on a 5 V supply.
    [JsonStringEnumMemberName("7.4v")] Volts7, // 7.4 V servos.
    [JsonStringEnumMemberName("12v")] Volts12, // 12 V servos.
}

/// <param name="Name">MQTT client id and topic level.</param>
/// <param name="Kind">Such as so101-leader.</param>
/// <param name="Port">Serial port, such as one of /dev/serial/by-id.</param>
/// <param name="Calibration">LeRobot calibration file, relative to the configuration file, or <see cref="FromEeprom"/>.</param>
/// <param name="RateHz">Ticks per second, 10 to 500; null for <see cref="LeaderRateHz"/> or <see cref="FollowerRateHz"/>.</param>
/// <param name="StateRateHz">Followers: states read and published per second, 1 to the rate; null: <see cref="FollowerStateRateHz"/>.</param>
/// <param name="DeadbandDeg">Leaders: change published at once, joint units, 0 to 10; null for <see cref="LeaderDeadband"/>.</param>
/// <param name="MaxVelocity">Followers: fastest move of a joint, units per second, 1 to 1000; null for each joint's own limit.</param>
/// <param name="OnCalibrationMismatch">What to do when servos and calibration file differ.</param>
/// <param name="Supply">What the arm is set up for; null: whatever its servos take.</param>
/// <param name="RestPose">Followers: where the arm rests without torque, degrees and percent by joint; every joint, or null.</param>
/// <param name="AtEnd">Followers: how it is left when the agent ends; null: parked where there is a rest pose, else held.</param>
/// <param name="Playout">Followers: what counts more where the network's delay varies; null: quick.</param>
/// <param name="Paths">Connections to the broker, 1 or 2: samples go by both, and what comes first counts.</param>
/// <param name="Interfaces">Network interface or local address of each path; an empty one, or null for all: the machine chooses.</param>
/// <param name="BilledPaths">Whether it may have two paths to a broker that bills each message.</param>
public sealed record DeviceSettings(
    string Name,
    string Kind,
    string Port,
    string Calibration = DeviceSettings.FromEeprom,
    double? RateHz = null,
    double? StateRateHz = null,
    double? DeadbandDeg = null,
    double? MaxVelocity = null,
    OnMismatch OnCalibrationMismatch = OnMismatch.Refuse,
    Supply? Supply = null,
    ImmutableDictionary<string, double>? RestPose = null,
    AtEnd? AtEnd = null,
    PlayoutMode? Playout = null,
    int Paths = 1,
    ImmutableArray<string> Interfaces = default,
    bool BilledPaths = false)
{
    public const string FromEeprom = "eeprom";

    public const double LeaderRateHz = 100;
    public const double FollowerRateHz = 200;
    public const double FollowerStateRateHz = 50;

    /// <summary>Change of a joint that a leader publishes at once, degrees or percent.</summary>
    public const double LeaderDeadband = 0.1;
}

public sealed record LocalPairSettings(string Leader, ImmutableArray<string> Followers);

/// <summary>A configuration with which no agent can run; the message is one line that names the thing and what to do.</summary>
public sealed class ConfigurationException(string message, Exception? cause = null) : Exception(message, cause);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    ReadCommentHandling = System.Text.Json.JsonCommentHandling.Skip,
    AllowTrailingCommas = true)]
[JsonSerializable(typeof(AgentConfiguration))]
internal sealed partial class ConfigurationJson : JsonSerializerContext;
