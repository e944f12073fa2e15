using System.Collections.Immutable;
using Armada.Grains.Contracts.Transport;

namespace Armada.EdgeAgent.Orleans;

/// <summary>Where the cluster is that an agent streams into.</summary>
public sealed record ClusterAddress
{
    /// <summary>Id of the cluster.</summary>
    public required string ClusterId { get; init; }

    /// <summary>Id under which its robots are stored.</summary>
    public required string ServiceId { get; init; }

    /// <summary>Gateways, each a host name or address and a port; empty where Redis knows them.</summary>
    public ImmutableArray<(string Host, int Port)> Gateways { get; init; } = [];

    /// <summary>The cluster's Redis in its client's words, or null.</summary>
    public string? Redis { get; init; }

    /// <summary>PEM files: authority, the agent's certificate, its private key, each with the name by which a person knows it; null for no TLS.</summary>
    public ((string Name, string Path) Ca, (string Name, string Path) Certificate, (string Name, string Path) Key)? Tls { get; init; }

    /// <summary>Reads the PEM files; null where they can be used.</summary>
    internal string? TryLoad(out ClusterIdentity? identity)
    {
        identity = null;
        return Tls is { } tls
            ? ClusterIdentity.TryLoad(File(tls.Ca), File(tls.Certificate), File(tls.Key), isSilo: false, out identity)
            : null;
    }

    private static NamedFile File((string Name, string Path) file) => new(file.Name, file.Path);
}
