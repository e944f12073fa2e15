using Armada.Core.MicroPython;
using Armada.Core.Topics;
using Armada.Silo.Access;
using Armada.Silo.Remotes;
using Armada.Silo.Rooms;

namespace Armada.Silo.Options;

/// <summary>Everything a silo is told when it starts.</summary>
public sealed record SiloOptions
{
    /// <summary>Where the silo listens unless told otherwise.</summary>
    public const string DefaultUrl = "http://127.0.0.1:5080";

    /// <summary>Addresses of the doors. Port 0 takes a free one.</summary>
    public IReadOnlyList<Uri> Urls { get; init; } = [new Uri(DefaultUrl)];

    /// <summary>Certificate of the https addresses; null where there are none.</summary>
    public SiloTls? Tls { get; init; }

    /// <summary>Whether http is good enough on an address that other machines reach, because a proxy in front of it does TLS.</summary>
    public bool InsecureHttp { get; init; }

    /// <summary>Whether callers without a key come in although there are keys; loopback only.</summary>
    public bool Open { get; init; }

    /// <summary>The provider whose tokens are taken, or null.</summary>
    public OidcOptions? Oidc { get; init; }

    /// <summary>Browser origins that may use the doors besides the silo's own, such as https://panel.example.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>
    /// Names by which the silo may be called besides loopback's. Where it is empty and other machines reach the silo, every name is good.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>How much callers may take.</summary>
    public RateLimits Limits { get; init; } = new();

    /// <summary>Folder of the documents; made where it is missing.</summary>
    public string DataDirectory { get; init; } = "data";

    /// <summary>How the broker is reached.</summary>
    public LinkOptions Link { get; init; } = new() { ClientId = "armada-silo" };

    /// <summary>The broker that the silo runs for devices with certificates; null where it uses another one.</summary>
    public BrokerSettings? Broker { get; init; }

    /// <summary>The topics of all devices.</summary>
    public TopicMap Topics { get; init; } = new();

    /// <summary>The topics of MicroPython arms.</summary>
    public MicroPythonTopics MicroPythonTopics { get; init; } = new();

    /// <summary>Keys for other services' slave doors.</summary>
    public RemoteKeys RemoteKeys { get; init; } = RemoteKeys.None;

    /// <summary>The cluster that the silo is part of; null where it hosts every robot itself.</summary>
    public ClusterSettings? Cluster { get; init; }

    /// <summary>The AWS IoT Core that is broker and registry of devices; null where it is not.</summary>
    public AwsIotOptions? AwsIot { get; init; }

    /// <summary>What the values of joints mean in rooms.</summary>
    public RoomUnits RoomUnits { get; init; }

    /// <summary>Whether only this machine reaches the doors.</summary>
    public bool IsLoopback => Urls.All(ListenUrls.IsLoopback);
}

/// <summary>PEM files of the https addresses.</summary>
/// <param name="CertificateFile">The certificate, followed by those that lead to its authority.</param>
/// <param name="KeyFile">Its private key, not encrypted.</param>
public sealed record SiloTls(string CertificateFile, string KeyFile);

/// <summary>An option with which no silo can start; the message names the option and what to do.</summary>
public sealed class SiloOptionsException : Exception
{
    /// <summary>With the one line a person sees.</summary>
    public SiloOptionsException(string message) : base(message)
    {
    }

    /// <summary>With the one line a person sees and its cause.</summary>
    public SiloOptionsException(string message, Exception cause) : base(message, cause)
    {
    }
}
