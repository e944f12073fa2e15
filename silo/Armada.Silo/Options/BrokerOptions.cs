using System.Globalization;
using System.Net;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Silo.Identities;
using Armada.Silo.Mqtt;

namespace Armada.Silo.Options;

/// <summary>The silo's own MQTT server, which devices connect to.</summary>
public sealed record DeviceEndpointOptions
{
    /// <summary>Port of MQTT over TLS, and the one in the programs of MicroPython boards.</summary>
    public const int DefaultPort = 8883;

    /// <summary>Address it listens on; null for every one.</summary>
    public IPAddress? Address { get; init; }

    public int Port { get; init; } = DefaultPort;

    /// <summary>Names and addresses by which devices reach it or its cluster's others, each with a port where that is another one; devices are told all.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = ["127.0.0.1"];

    /// <summary>Port of a listener on loopback for anybody, without TLS; null for none. For development.</summary>
    public int? PlainPort { get; init; }

    /// <summary>How much one device may send.</summary>
    public DeviceRateLimits Rate { get; init; } = new();

    internal static DeviceEndpointOptions? Read(SiloConfiguration settings)
    {
        var hosts = settings.List(Settings.BrokerHost);
        var plain = settings.Number(Settings.BrokerPlain, 1, IPEndPoint.MaxPort);
        if (settings.Text(Settings.Broker) is not { } text)
        {
            foreach (var setting in new[] { Settings.BrokerHost, Settings.BrokerPlain }.Where(settings.IsSet))
                settings.Refuse(setting, "needs --broker, the port of the silo's own broker");
            return null;
        }

        if (!TryParse(text, out var address, out var port))
            settings.Refuse(Settings.Broker, "must be a port or address:port, such as 8883 or 192.0.2.10:8883");
        if (hosts.FirstOrDefault(host => !HostPort.TryParse(host, DefaultPort, out var parsed) || !HostName.IsValid(parsed.Host)) is { } wrong)
            settings.Refuse(Settings.BrokerHost, wrong, "must be a host name or address, and a port where it is another one, such as pi.local or pi.local:8884");
        if (plain is not null && plain == port)
            settings.Refuse(Settings.BrokerPlain, "is the port of --broker too; choose another one");
        return new DeviceEndpointOptions
        {
            Address = address,
            Port = port,
            Hosts = hosts.Count > 0 ? hosts : [DefaultHost(address, settings)],
            PlainPort = plain,
        };
    }

    private static bool TryParse(string text, out IPAddress? address, out int port)
    {
        address = null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port))
            return port is > 0 and <= IPEndPoint.MaxPort;
        if (!text.Contains(':', StringComparison.Ordinal) || !IPEndPoint.TryParse(text, out var endpoint) || endpoint.Port == 0)
            return false;
        address = endpoint.Address.Equals(IPAddress.Any) || endpoint.Address.Equals(IPAddress.IPv6Any) ? null : endpoint.Address;
        port = endpoint.Port;
        return true;
    }

    // What listens everywhere is reached by the machine's name, at least where names are looked up.
    private static string DefaultHost(IPAddress? address, SiloConfiguration settings)
    {
        var name = address?.ToString() ?? Dns.GetHostName();
        if (!HostName.IsValid(name))
            settings.Refuse(Settings.Broker, $"needs --broker-host: this machine's name '{name}' cannot stand in a certificate");
        return name;
    }
}

/// <summary>The AWS IoT Core that is a silo's broker and device registry.</summary>
/// <param name="Region">Its region; null for the one that the AWS settings name.</param>
/// <param name="Endpoint">What answers instead of AWS, or null.</param>
/// <param name="RootCaFile">PEM file of the authority of its certificates; null for this machine's store.</param>
public sealed record AwsIotOptions(string? Region, Uri? Endpoint, string? RootCaFile)
{
    internal static AwsIotOptions? Read(SiloConfiguration settings)
    {
        if (!settings.Flag(Settings.AwsIot))
        {
            foreach (var setting in new[] { Settings.AwsRegion, Settings.AwsEndpoint, Settings.AwsRootCa }.Where(settings.IsSet))
                settings.Refuse(setting, "needs --aws-iot, which turns AWS IoT Core on");
            return null;
        }

        var (region, endpoint) = (settings.Text(Settings.AwsRegion), settings.Text(Settings.AwsEndpoint));
        if (region?.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') == false)
            settings.Refuse(Settings.AwsRegion, "must be a region, such as eu-central-1");
        Uri? address = null;
        if (endpoint is not null && !(Uri.TryCreate(endpoint, UriKind.Absolute, out address) && HttpOptions.IsHttp(address)))
            settings.Refuse(Settings.AwsEndpoint, "must be a URL, such as http://127.0.0.1:5000");
        return new AwsIotOptions(region, address, settings.File(Settings.AwsRootCa));
    }
}

internal static class OutsideBroker
{
    public static readonly Setting[] All = [Settings.Mqtt, Settings.MqttCa, Settings.MqttCert, Settings.MqttKey];

    public static LinkOptions Read(SiloConfiguration settings)
    {
        var id = settings.Text(Settings.ClientId)!;
        if (!DeviceName.IsValid(id))
            settings.Refuse(Settings.ClientId, SiloOptions.NameRule);
        var address = settings.Text(Settings.Mqtt)!;
        if (!HostPort.TryParse(address, defaultPort: null, out _))
            settings.Refuse(Settings.Mqtt, "must be host:port, such as 127.0.0.1:1883");
        return new LinkOptions { ClientId = id, Hosts = [address], Tls = ReadTls(settings) };
    }

    private static LinkTls? ReadTls(SiloConfiguration settings)
    {
        var own = settings.Files(Settings.MqttCert, Settings.MqttKey);
        var ca = settings.File(Settings.MqttCa);
        if (own is not null && !settings.IsSet(Settings.MqttCa))
            settings.Refuse(Settings.MqttCert, "needs --mqtt-ca, the authority of the broker's certificate");
        return ca is null ? null : new LinkTls(ca, own?[0], own?[1]);
    }
}
