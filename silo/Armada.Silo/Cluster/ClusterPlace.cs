using System.Net;
using Armada.Grains.Transport;

namespace Armada.Silo.Cluster;

/// <summary>A silo among several, or their gateway.</summary>
public sealed record ClusterPlace
{
    /// <summary>Id of the cluster: silos with the same one find each other. Another deployment has another one.</summary>
    public required string ClusterId { get; init; }

    /// <summary>Id under which the cluster's robots are stored; it stays the same over all deployments.</summary>
    public required string ServiceId { get; init; }

    /// <summary>Redis in its client's words, such as host:6379.</summary>
    public required string Redis { get; init; }

    /// <summary>Whether it hosts no robots and calls the cluster as a client; nobody reaches it by the address and ports below.</summary>
    public bool IsGateway { get; init; }

    /// <summary>Address by which the other silos reach this one.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>Port for the other silos.</summary>
    public required int SiloPort { get; init; }

    /// <summary>Port for the cluster's gateways.</summary>
    public required int GatewayPort { get; init; }

    /// <summary>Certificates of silos and gateways; null for none.</summary>
    public ClusterTls? Tls { get; init; }
}

/// <summary>Mutual TLS; PEM files. What is wrong with one is told by the name of the silo's option for it.</summary>
/// <param name="CaFile">The authority that signed every silo's and gateway's certificate.</param>
/// <param name="CertificateFile">The member's own certificate, good for servers and clients.</param>
/// <param name="KeyFile">Its private key, not encrypted.</param>
public sealed record ClusterTls(string CaFile, string CertificateFile, string KeyFile)
{
    internal NamedFile Ca => new("--cluster-ca", CaFile);

    internal NamedFile Certificate => new("--cluster-cert", CertificateFile);

    internal NamedFile Key => new("--cluster-key", KeyFile);
}
