using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Armada.Core.Devices;

namespace Armada.Mqtt;

/// <summary>A message that the broker publishes for a client that vanished.</summary>
public sealed record LastWill(string Topic, ReadOnlyMemory<byte> Payload, bool Retain = true);

/// <summary>TLS with an optional client certificate; PEM files, read again at every connect.</summary>
/// <param name="CaFile">Certificates of the only authorities that the broker's certificate may come from.</param>
/// <param name="CertificateFile">The client's certificate with its intermediates, or null.</param>
/// <param name="KeyFile">The client's private key, or null.</param>
public sealed record LinkTls(string CaFile, string? CertificateFile = null, string? KeyFile = null);

/// <summary>How a link reaches its broker.</summary>
public sealed record LinkOptions
{
    public required string ClientId { get; init; }

    /// <summary>Tells this program from others with the same client id, as the CONNECT user property <c>instance</c>; null for none.</summary>
    public string? Instance { get; init; }

    /// <summary>Brokers of which any one serves, each as host or host:port; the link goes to the next one when it loses or does not reach one.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = ["127.0.0.1"];

    /// <summary>Of the hosts without one.</summary>
    public int Port { get; init; } = 1883;

    /// <summary>Network interface (Linux) or local address that the connection is made from; empty where the machine chooses.</summary>
    public string Interface { get; init; } = "";

    /// <summary>Null for a plain connection.</summary>
    public LinkTls? Tls { get; init; }

    /// <summary>A broker that is silent for this long is given up; 2 s or more. AWS IoT Core requires 30 s or more.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(10);

    public LastWill? Will { get; init; }

    /// <summary>First wait before a reconnect; each further one doubles, all jittered between half and whole.</summary>
    public TimeSpan InitialBackOff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait before a reconnect.</summary>
    public TimeSpan MaxBackOff { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Most unacknowledged control messages; beyond it <see cref="IMqttLink.Publish"/> throws.</summary>
    public int ControlBacklog { get; init; } = 10_000;

    internal HostPort Address(int index) => HostPort.TryParse(Hosts[index % Hosts.Count], Port, out var address)
        ? address
        : throw new InvalidOperationException("The options were not validated.");

    /// <summary>Finds at start what would otherwise fail at every connect, with less to say.</summary>
    /// <exception cref="LinkConfigurationException">Names the option or file and the remedy.</exception>
    internal void Validate()
    {
        Require(ClientId.Length > 0, "ClientId is empty; give the device's or the silo's name.");
        Require(Encoding.UTF8.GetByteCount(ClientId) <= TopicFilter.MaxBytes, "ClientId is longer than 65535 bytes.");
        Require(Port is > 0 and <= 65_535, $"Port {Port} is not between 1 and 65535.");
        Require(Hosts.Count > 0, "Hosts is empty; give the broker's name or address.");
        foreach (var host in Hosts) Require(HostPort.TryParse(host, Port, out _), $"Hosts has '{host}', which is no host or host:port.");
        Require(KeepAlive.TotalSeconds is >= 2 and <= 65_535, $"KeepAlive {KeepAlive} is not between 2 s and 65535 s.");
        Require(InitialBackOff > TimeSpan.Zero, $"InitialBackOff {InitialBackOff} is not above zero.");
        Require(MaxBackOff >= InitialBackOff, $"MaxBackOff {MaxBackOff} is shorter than InitialBackOff {InitialBackOff}.");
        Require(ControlBacklog > 0, $"ControlBacklog {ControlBacklog} is not above zero.");
        if (Will is { } will)
        {
            Require(TopicFilter.IsTopic(will.Topic), $"The last will's topic '{will.Topic}' is empty or has a wildcard in it.");
            Require(will.Payload.Length <= 65_535, "The last will's payload is longer than 65535 bytes.");
        }
        if (Tls is { } tls) Validate(tls);
    }

    private static void Validate(LinkTls tls)
    {
        Read("CA file", tls.CaFile, file =>
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(file);
            Require(authorities.Count > 0, $"CA file '{file}' contains no PEM certificate.");
            foreach (var authority in authorities) authority.Dispose();
        });
        Require(
            tls.CertificateFile is null == tls.KeyFile is null,
            "CertificateFile and KeyFile go together; one is set and the other is not.");
        if (tls is not { CertificateFile: { } certificateFile, KeyFile: { } keyFile }) return;
        Read("key file", keyFile, static _ => { });
        Read("certificate file", certificateFile, file => X509Certificate2.CreateFromPemFile(file, keyFile).Dispose());
    }

    private static void Read(string what, string file, Action<string> read)
    {
        try
        {
            File.OpenRead(file).Dispose();
            read(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new LinkConfigurationException($"The {what} '{file}' cannot be read: {fault.Message}", fault);
        }
        catch (CryptographicException fault)
        {
            throw new LinkConfigurationException(
                $"The {what} '{file}' is not a PEM file, is encrypted, or does not belong to its key: {fault.Message}", fault);
        }
    }

    private static void Require(bool holds, string message)
    {
        if (!holds) throw new LinkConfigurationException(message);
    }
}

/// <summary>Options with which no link can be made; the message names the option or file and the remedy.</summary>
public sealed class LinkConfigurationException(string message, Exception? cause = null) : Exception(message, cause);
