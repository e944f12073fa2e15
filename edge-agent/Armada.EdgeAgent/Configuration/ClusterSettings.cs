using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Armada.EdgeAgent.Configuration;

/// <summary>Where state frames go.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<UplinkKind>))]
public enum UplinkKind
{
    /// <summary>To each device's MQTT topic.</summary>
    [JsonStringEnumMemberName("mqtt")] Mqtt,

    /// <summary>Straight into the cluster, to the robot that the device serves; commands and everything else stay on MQTT.</summary>
    [JsonStringEnumMemberName("orleans")] Orleans,
}

/// <summary>The cluster into which states are streamed.</summary>
/// <param name="Id">Id of the cluster, the same as the silos'.</param>
/// <param name="ServiceId">Id under which its robots are stored, the same as the silos'.</param>
/// <param name="Gateways">Gateways of silos, each host:port; absent where Redis knows them.</param>
/// <param name="Redis">The cluster's Redis in its client's words, such as host:6379.</param>
/// <param name="Tls">TLS, or null for none.</param>
public sealed record ClusterSettings(
    string Id,
    string ServiceId = ClusterSettings.DefaultServiceId,
    ImmutableArray<string> Gateways = default,
    string? Redis = null,
    ClusterTlsSettings? Tls = null)
{
    /// <summary>The service id that silos have unless told otherwise.</summary>
    public const string DefaultServiceId = "armada";

    /// <summary>Gateways of silos; none where it is absent.</summary>
    public ImmutableArray<string> Gateways { get; init; } = Gateways.IsDefault ? [] : Gateways;
}

/// <summary>Mutual TLS with the cluster; PEM files, relative to the configuration file.</summary>
/// <param name="Ca">Authority of the cluster's certificates.</param>
/// <param name="Certificate">The agent's certificate, good for clients.</param>
/// <param name="Key">The agent's private key, not encrypted.</param>
public sealed record ClusterTlsSettings(string Ca, string Certificate, string Key);
