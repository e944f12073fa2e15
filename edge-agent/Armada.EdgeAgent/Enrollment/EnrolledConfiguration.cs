using Armada.Core.Topics;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Identities;

namespace Armada.EdgeAgent.Enrollment;

/// <summary>The agent's configuration, which a new device is added to; looked at before the silo is asked, for a token serves once.</summary>
internal sealed class EnrolledConfiguration
{
    private const UnixFileMode OfNewFile = DurableFile.OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string path;
    private readonly TlsSettings tls;
    private readonly byte[]? text;
    private readonly AgentConfiguration? present;

    private EnrolledConfiguration(string path, TlsSettings tls, byte[]? text)
    {
        (this.path, this.tls, this.text) = (path, tls, text);
        present = text is null ? null : ConfigurationFile.Draft(path, text);
    }

    /// <summary>Looks at it, whether it is there or not.</summary>
    /// <exception cref="ConfigurationException">It cannot be read or extended.</exception>
    public static EnrolledConfiguration Open(EnrollmentOrder order)
    {
        var own = Path.GetDirectoryName(order.Configuration)!;
        var folder = Path.GetRelativePath(own, order.Folder);
        var tls = new TlsSettings(In("ca.pem"), In("{device}.pem"), In("{device}.key"));
        var isThere = File.Exists(order.Configuration);
        var target = isThere ? File.ResolveLinkTarget(order.Configuration, returnFinalTarget: true) : null;
        var path = target?.FullName ?? order.Configuration;
        var configuration = new EnrolledConfiguration(path, tls, isThere ? File.ReadAllBytes(path) : null);
        if (configuration.present?.Broker is not { } broker)
            return configuration;
        if (broker.Tls is not { } there)
            throw configuration.Differs("its broker is without tls, and an enrolled device needs it");
        return ConfigurationFile.Anchor(there with { OtherSigner = false }, own) == ConfigurationFile.Anchor(tls, own)
            ? configuration
            : throw configuration.Differs($"its broker.tls names other files than ca.pem, {{device}}.pem and {{device}}.key in '{order.Folder}'");

        string In(string file) => folder == "." ? file : Path.Combine(folder, file);
    }

    /// <summary>Refuses what would change the agent's other devices.</summary>
    /// <exception cref="ConfigurationException">Broker, topics or the device stand there already, and otherwise.</exception>
    public void Check(EnrollmentAnswer answer)
    {
        if (present is null)
            return;
        if (present.Broker is { } broker && (broker.Host, broker.Port ?? 8883) != (answer.Broker.Host, answer.Broker.Port))
            throw Differs($"its broker is {broker.Host}:{broker.Port ?? 8883}, the silo's is {answer.Broker.Host}:{answer.Broker.Port}");
        if (present.Broker is { Tls.OtherSigner: var other } && other == answer.Broker.SignsDevices)
            throw Differs($"its broker.tls says other_signer {(other ? "true" : "false")}, and the silo the opposite");
        if (present.TopicRoot != answer.TopicRoot)
            throw Differs($"its topic_root is '{present.TopicRoot}', the silo's is '{answer.TopicRoot}'");
        if (Device(answer.Name) is { } device && device.Kind != answer.Kind)
            throw Differs($"its device '{answer.Name}' is a {device.Kind}, the silo's is a {answer.Kind}");
    }

    /// <summary>The device of this name, where it is there already.</summary>
    public DeviceSettings? Device(string name) => Devices.FirstOrDefault(device => device.Name == name);

    /// <summary>Whether one of the devices has this serial port.</summary>
    public bool Has(string port) => Devices.Any(device => device.Port == port);

    /// <summary>Writes it with the broker and, where there is one, the device.</summary>
    /// <exception cref="ConfigurationException">No agent could run the result.</exception>
    public void Write(EnrollmentAnswer answer, DeviceSettings? device)
    {
        var broker = new BrokerSettings(answer.Broker.Host, answer.Broker.Port, tls with { OtherSigner = !answer.Broker.SignsDevices });
        var root = answer.TopicRoot == TopicMap.DefaultRoot ? null : answer.TopicRoot;
        var next = text is null ? ConfigurationText.New(broker, root, device)
            : present!.Broker is null ? ConfigurationText.WithBroker(text, broker)
            : text;
        if (text is not null && device is not null)
            next = ConfigurationText.WithDevice(next, device);
        var result = ConfigurationFile.Draft(path, next);
        if (!result.Devices.IsDefaultOrEmpty)
            ConfigurationRules.Check(path, result);
        if (text is null || !next.AsSpan().SequenceEqual(text))
            DurableFile.Write(path, next, OperatingSystem.IsWindows() || text is null ? OfNewFile : File.GetUnixFileMode(path));
    }

    private IEnumerable<DeviceSettings> Devices => present is { Devices.IsDefaultOrEmpty: false } ? present.Devices : [];

    private ConfigurationException Differs(string how) => new($"{path}: {how}; use another --config, or correct it");
}
