using System.Net;

namespace Armada.Silo.Options;

/// <summary>The broker that the silo runs for its devices.</summary>
public sealed record BrokerSettings
{
    /// <summary>Port of MQTT over TLS, and the one in the programs of MicroPython boards.</summary>
    public const int DefaultPort = 8883;

    /// <summary>Address it listens on; null for every one.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>TLS port.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>Names and addresses by which devices reach it; they are told the first one.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = ["127.0.0.1"];

    /// <summary>Port of a listener on loopback for anybody, without TLS; null for none. For development.</summary>
    public int? PlainPort { get; init; }
}
