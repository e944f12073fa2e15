using System.Net;

namespace Armada.Silo.Options;

/// <summary>A silo's place in a cluster.</summary>
/// <param name="ClusterId">Silos of the same id find each other.</param>
/// <param name="ServiceId">Under it the cluster's robots are stored; the same over all deployments.</param>
/// <param name="Redis">Redis in its client's words; null for a cluster of this one process that forgets everything at its end.</param>
/// <param name="Endpoint">Address and port by which the other silos reach this one.</param>
/// <param name="GatewayPort">Port for agents that stream straight into the cluster.</param>
/// <param name="Tls">Certificates between silos and to agents, or null.</param>
public sealed record ClusterSettings(
    string ClusterId, string ServiceId, string? Redis, IPEndPoint Endpoint, int GatewayPort, ClusterTlsFiles? Tls = null);

/// <summary>PEM files of the mutual TLS between silos and to agents.</summary>
/// <param name="CaFile">The authority that signed every silo's and agent's certificate.</param>
/// <param name="CertificateFile">This silo's certificate.</param>
/// <param name="KeyFile">Its private key, not encrypted.</param>
public sealed record ClusterTlsFiles(string CaFile, string CertificateFile, string KeyFile);
