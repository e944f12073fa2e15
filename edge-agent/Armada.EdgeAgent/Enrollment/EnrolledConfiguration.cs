using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Armada.Core.Devices;
using Armada.Core.Topics;
using Armada.Devices.Serial;
using Armada.EdgeAgent.Identities;

namespace Armada.EdgeAgent.Enrollment;

/// <summary>The agent's configuration, which a new device is added to; checked before the silo is asked, for a token serves once.</summary>
internal sealed class EnrolledConfiguration
{
    private const UnixFileMode OfNewFile = DurableFile.OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string path;
    private readonly TlsOptions tls;
    private readonly byte[]? text;
    private readonly AgentConfiguration? present;

    private EnrolledConfiguration(string path, TlsOptions tls, byte[]? text)
    {
        (this.path, this.tls, this.text) = (path, tls, text);
        present = text is null ? null : ConfigurationFile.Parse(path, text);
    }

    /// <exception cref="ConfigurationException">It cannot be read or extended.</exception>
    public static EnrolledConfiguration Open(EnrollmentOptions options)
    {
        var own = Path.GetDirectoryName(options.Configuration)!;
        var folder = Path.GetRelativePath(own, options.Folder);
        var tls = new TlsOptions(In("ca.pem"), In("{device}.pem"), In("{device}.key"));
        var isThere = File.Exists(options.Configuration);
        var target = isThere ? File.ResolveLinkTarget(options.Configuration, returnFinalTarget: true) : null;
        var path = target?.FullName ?? options.Configuration;
        var configuration = new EnrolledConfiguration(path, tls, isThere ? File.ReadAllBytes(path) : null);
        if (configuration.present?.Broker is not { } broker)
            return configuration;
        if (broker.Tls is not { } there)
            throw configuration.Differs("its broker is without tls, and an enrolled device needs it");
        return ConfigurationFile.Anchor(there with { OtherSigner = false }, own) == ConfigurationFile.Anchor(tls, own)
            ? configuration
            : throw configuration.Differs($"its broker.tls names other files than ca.pem, {{device}}.pem and {{device}}.key in '{options.Folder}'");

        string In(string file) => folder == "." ? file : Path.Combine(folder, file);
    }

    /// <exception cref="ConfigurationException">Broker, topics or the device stand there already, and otherwise.</exception>
    public void Check(EnrollmentResponse answer)
    {
        if (present is null)
            return;
        if (present.Broker is { } broker && Places(broker.Hosts, broker.Port ?? 8883) is var own && Places(answer.Broker.Hosts, answer.Broker.Port) is var told && own != told)
            throw Differs($"its broker is {own}, the silo's is {told}");
        if (present.Broker is { Tls.OtherSigner: var other } && other == answer.Broker.SignsDevices)
            throw Differs($"its broker.tls says other_signer {(other ? "true" : "false")}, and the silo the opposite");
        if (present.TopicRoot != answer.TopicRoot)
            throw Differs($"its topic_root is '{present.TopicRoot}', the silo's is '{answer.TopicRoot}'");
        if (Device(answer.Name) is { } device && device.Kind != answer.Kind)
            throw Differs($"its device '{answer.Name}' is a {device.Kind}, the silo's is a {answer.Kind}");
    }

    public DeviceSettings? Device(string name) => Devices.FirstOrDefault(device => device.Name == name);

    public bool Has(string port) => Devices.Any(device => SerialPorts.AreSame(device.Port, port));

    /// <exception cref="ConfigurationException">No agent could run the result.</exception>
    public void Write(EnrollmentResponse answer, DeviceSettings? device)
    {
        var broker = new BrokerOptions(answer.Broker.Hosts, answer.Broker.Port, tls with { OtherSigner = !answer.Broker.SignsDevices });
        var root = answer.TopicRoot == TopicMap.DefaultRoot ? null : answer.TopicRoot;
        var next = text is null ? ConfigurationText.New(broker, root, device)
            : present!.Broker is null ? ConfigurationText.WithBroker(text, broker)
            : text;
        if (text is not null && device is not null)
            next = ConfigurationText.WithDevice(next, device);
        var result = ConfigurationFile.Parse(path, next);
        if (!result.Devices.IsDefaultOrEmpty)
            ConfigurationRules.Check(path, result);
        if (text is null || !next.AsSpan().SequenceEqual(text))
            DurableFile.Write(path, next, OperatingSystem.IsWindows() || text is null ? OfNewFile : File.GetUnixFileMode(path));
    }

    private IEnumerable<DeviceSettings> Devices => present is { Devices.IsDefaultOrEmpty: false } ? present.Devices : [];

    private static string Places(ImmutableArray<string> hosts, int port) =>
        string.Join(", ", hosts.Select(host => HostPort.TryParse(host, port, out var place) ? place.ToString() : host));

    private ConfigurationException Differs(string how) => new($"{path}: {how}; use another --config, or correct it");
}

/// <summary>The text of a configuration file: a new one, and additions that leave comments and layout of an old one as they are.</summary>
internal static class ConfigurationText
{
    private static readonly JsonReaderOptions AsRead = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>A whole file; without any device where none is given.</summary>
    public static byte[] New(BrokerOptions broker, string? topicRoot, DeviceSettings? device)
    {
        var root = topicRoot is null ? "" : $"\n  \"topic_root\": {Text(topicRoot)},";
        var devices = device is null ? "[]" : $"[\n    {Text(device)}\n  ]";
        return Encoding.UTF8.GetBytes($$"""
            {
              "broker": {{Text(broker)}},{{root}}
              "devices": {{devices}}
            }

            """);
    }

    public static byte[] WithDevice(byte[] text, DeviceSettings device)
    {
        var (begin, end) = DevicesOf(text);
        return end is { } behind ? Insert(text, behind, $",\n    {Text(device)}") : Insert(text, begin, $"\n    {Text(device)}\n  ");
    }

    public static byte[] WithBroker(byte[] text, BrokerOptions broker)
    {
        var reader = new Utf8JsonReader(text, AsRead);
        reader.Read();
        return Insert(text, (int)reader.BytesConsumed, $"\n  \"broker\": {Text(broker)},");
    }

    public static string Text(DeviceSettings device) =>
        $$"""{ "name": {{Text(device.Name)}}, "kind": {{Text(device.Kind)}}, "port": {{Text(device.Port)}}, "calibration": {{Text(device.Calibration)}} }""";

    private static string Text(BrokerOptions broker) =>
        $$"""{ "hosts": [{{string.Join(", ", broker.Hosts.Select(Text))}}], "port": {{broker.Port}}, "tls": { "ca": {{Text(broker.Tls!.Ca)}}, "certificate": {{Text(broker.Tls.Certificate!)}}, "key": {{Text(broker.Tls.Key!)}}{{(broker.Tls.OtherSigner ? ", \"other_signer\": true" : "")}} } }""";

    private static string Text(string value) => $"\"{JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static (int Begin, int? BehindLast) DevicesOf(byte[] text)
    {
        var reader = new Utf8JsonReader(text, AsRead);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals("devices");
            reader.Read();
            if (!isIt)
            {
                reader.Skip();
                continue;
            }

            var begin = (int)reader.BytesConsumed;
            int? behind = null;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                reader.Skip();
                behind = (int)reader.BytesConsumed;
            }

            return (begin, behind);
        }

        throw new ArgumentException("the file has no devices", nameof(text));
    }

    private static byte[] Insert(byte[] text, int at, string added) => [.. text.AsSpan(0, at), .. Encoding.UTF8.GetBytes(added), .. text.AsSpan(at)];
}
