using System.Globalization;
using Armada.Core.MicroPython;
using Armada.Core.Topics;

namespace Armada.Silo.Options;

/// <summary>
/// One setting under its three names: --max-sockets on the command line, ARMADA_MAX_SOCKETS in the environment, Armada:MaxSockets in
/// appsettings.json. A list is an array in JSON, repeated on the command line, and separated by ';' in a variable.
/// </summary>
internal sealed record Setting(string Name, string Description, string? Default = null, SettingKind Kind = SettingKind.Text)
{
    public const string Section = "Armada";

    public const string VariablePrefix = "ARMADA_";

    public string Option { get; } = $"--{Name}";

    public string Variable { get; } = VariablePrefix + Name.Replace('-', '_').ToUpperInvariant();

    public string Key { get; } = $"{Section}:{string.Concat(Name.Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..]))}";
}

internal enum SettingKind
{
    Text,
    Flag,
    List,
}

/// <summary>Every setting of the silo, in the order of its help.</summary>
internal static class Settings
{
    private static readonly RateLimits Limits = new();
    private static readonly List<Setting> Added = []; // Initialized before the settings, which add themselves.

    public static readonly Setting Data = Add("data", "Folder that keeps robots, bindings, keys and the audit trail.", "./data");
    public static readonly Setting Urls = Add("urls", "Addresses to listen on, repeated or separated by ';'; beyond loopback only with keys or OpenID Connect.", HttpOptions.DefaultUrl, SettingKind.List);
    public static readonly Setting TlsCert = Add("tls-cert", "PEM file of the https certificate and its chain; read again when it changes.");
    public static readonly Setting TlsKey = Add("tls-key", "PEM file of the https certificate's private key.");
    public static readonly Setting InsecureHttp = Add("insecure-http", "Allow http beyond loopback, behind a proxy that ends TLS.", kind: SettingKind.Flag);
    public static readonly Setting Open = Add("open", "Admit callers without a key although there are keys; loopback only.", kind: SettingKind.Flag);
    public static readonly Setting AdminKeyFile = Add(
        "admin-key-file", "File of the first admin key, armada_<12 hexadecimal digits>_<secret>, used while there is no key; mode 0600 or a mounted secret.");
    public static readonly Setting OidcAuthority = Add("oidc-authority", "OpenID Connect provider whose tokens are accepted.");
    public static readonly Setting OidcAudience = Add("oidc-audience", "Audience its tokens must have.");
    public static readonly Setting OidcRoleClaim = Add("oidc-role-claim", "Claim that holds viewer, operator or admin.", OidcOptions.DefaultRoleClaim);
    public static readonly Setting AllowOrigin = Add("allow-origin", "Browser origin that may use the silo, beside its own; repeatable.", kind: SettingKind.List);
    public static readonly Setting AllowHost = Add("allow-host", "Host name the silo may be called by; repeatable.", kind: SettingKind.List);
    public static readonly Setting KnownProxy = Add(
        "known-proxy", "Address or network of a proxy in front whose X-Forwarded-For and X-Forwarded-Proto are believed, such as 10.0.0.0/8; repeatable.", kind: SettingKind.List);
    public static readonly Setting MaxConnections = AddNumber("max-connections", "Connections at once of callers with a key.", Limits.Connections);
    public static readonly Setting MaxSockets = AddNumber("max-sockets", "WebSockets at once.", Limits.Sockets);
    public static readonly Setting MaxSocketsPerCaller = AddNumber("max-sockets-per-caller", "WebSockets at once of one caller.", Limits.SocketsPerCaller);
    public static readonly Setting MaxRequests = AddNumber("max-requests", "Requests per second of one caller; stops and resets are not limited.", Limits.RequestsPerSecond);
    public static readonly Setting Mqtt = Add("mqtt", "Broker as host:port; [address]:port for IPv6.", "127.0.0.1:1883");
    public static readonly Setting MqttCa = Add("mqtt-ca", "PEM file of the authority that signed the broker's certificate; turns TLS on.");
    public static readonly Setting MqttCert = Add("mqtt-cert", "PEM file of the silo's client certificate.");
    public static readonly Setting MqttKey = Add("mqtt-key", "PEM file of the silo's private key.");
    public static readonly Setting ClientId = Add("client-id", "MQTT client id; different for each silo on one broker.", "armada-silo");
    public static readonly Setting TopicRoot = Add("topic-root", "First levels of every topic.", TopicMap.DefaultRoot);
    public static readonly Setting DialectRoot = Add("dialect-root", "First levels of the topics of MicroPython arms.", MicroPythonTopics.DefaultRoot);
    public static readonly Setting RemoteKeys = Add("remote-keys", "JSON file of host:port and key for the slave endpoints of other services; mode 0600.");
    public static readonly Setting RoomUnits = Add("room-units", "Values in rooms: joint for degrees and percent, normalized for -100..100 over a joint's limits.", "joint");
    public static readonly Setting Cluster = Add("cluster", "Id of the cluster that this silo joins.");
    public static readonly Setting Role = Add("role", "What it does in the cluster: silo hosts robots, gateway serves devices and HTTP, both does both.", "both");
    public static readonly Setting ServiceId = Add("service-id", "Id under which the cluster's robots are stored; the same over all deployments.", "armada");
    public static readonly Setting Redis = Add("redis", "Redis of the cluster, such as host:6379.");
    public static readonly Setting SiloEndpoint = Add("silo-endpoint", "Address and port by which the other silos reach this one; *:port for the address of this machine's name.", "127.0.0.1:11111");
    public static readonly Setting GatewayPort = Add("gateway-port", "Port for the cluster's gateways.", "30000");
    public static readonly Setting ClusterCa = Add("cluster-ca", "PEM file of the authority of the cluster's certificates; turns TLS on.");
    public static readonly Setting ClusterCert = Add("cluster-cert", "PEM file of this silo's or gateway's certificate in the cluster, valid for servers and clients.");
    public static readonly Setting ClusterKey = Add("cluster-key", "PEM file of its private key.");
    public static readonly Setting Broker = Add(
        "broker", "Let devices with certificates connect on this port or address:port; 8883 is the one in MicroPython boards' programs.");
    public static readonly Setting BrokerHost = Add(
        "broker-host", "Name or address by which devices reach it, or another silo of its cluster, as host or host:port; repeatable, and devices are told all.", kind: SettingKind.List);
    public static readonly Setting BrokerPlain = Add("broker-plain", "Port on loopback on which anybody may connect without TLS; for development.");
    public static readonly Setting Authority = Add(
        "authority", "Folder with ca.pem and ca.key of the authority of devices' certificates, the same for every silo of a cluster; a second one replaces the first.",
        kind: SettingKind.List);
    public static readonly Setting AwsIot = Add(
        "aws-iot", "Use AWS IoT Core as broker and device registry; credentials are found as by every AWS tool.", kind: SettingKind.Flag);
    public static readonly Setting AwsRegion = Add("aws-region", "Its region, such as eu-central-1; default: the one of the AWS settings.");
    public static readonly Setting AwsEndpoint = Add("aws-endpoint", "URL of an emulator that answers instead of AWS; for tests.");
    public static readonly Setting AwsRootCa = Add("aws-root-ca", "PEM file of the authority of AWS's certificates; default: \"Amazon Root CA 1\" of this machine's store.");
    public static readonly Setting Metrics = Add("metrics", "Serve /metrics to Prometheus, with the role viewer.", kind: SettingKind.Flag);
    public static readonly Setting MetricsDevice = Add(
        "metrics-device", "Device with metrics of its own where there are more than 50; repeatable.", kind: SettingKind.List);
    public static readonly Setting Log = Add("log", "Form of the log on the console: line or json; levels and more are in the section Logging.", "line");

    public static IReadOnlyList<Setting> All => Added;

    private static Setting Add(string name, string description, string? standard = null, SettingKind kind = SettingKind.Text)
    {
        var setting = new Setting(name, description, standard, kind);
        Added.Add(setting);
        return setting;
    }

    private static Setting AddNumber(string name, string description, int standard) =>
        Add(name, description, standard.ToString(CultureInfo.InvariantCulture));
}
