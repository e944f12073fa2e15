namespace Armada.Mqtt;

/// <summary>A message the broker sends for a client that vanished.</summary>
/// <param name="Topic">Where to.</param>
/// <param name="Payload">What.</param>
/// <param name="Retain">Whether the broker keeps it.</param>
public sealed record LastWill(string Topic, ReadOnlyMemory<byte> Payload, bool Retain = true);

/// <summary>TLS with an optional client certificate; PEM files.</summary>
/// <param name="CaFile">Authority that signed the broker's certificate.</param>
/// <param name="CertificateFile">This client's certificate, or null.</param>
/// <param name="KeyFile">This client's private key, or null.</param>
public sealed record LinkTls(string CaFile, string? CertificateFile = null, string? KeyFile = null);

/// <summary>How a link reaches its broker.</summary>
public sealed record LinkOptions
{
    /// <summary>Client id; with the last will, the identity the broker knows.</summary>
    public required string ClientId { get; init; }

    /// <summary>Broker's host name or address.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Broker's port.</summary>
    public int Port { get; init; } = 1883;

    /// <summary>MQTT 5 unless false, then 3.1.1.</summary>
    public bool Mqtt5 { get; init; } = true;

    /// <summary>TLS, or null for a plain connection.</summary>
    public LinkTls? Tls { get; init; }

    /// <summary>Keep-alive, 5 s or more; AWS IoT wants 30 s or more.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The last will, or null.</summary>
    public LastWill? Will { get; init; }

    /// <summary>First wait before a reconnect; each further one doubles, all jittered between half and whole.</summary>
    public TimeSpan BackOffFirst { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait before a reconnect.</summary>
    public TimeSpan BackOffMost { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Most control messages that wait for a link that is down; beyond it <see cref="IMqttLink.Publish"/> throws.</summary>
    public int ControlBacklog { get; init; } = 10_000;
}

/// <summary>Options with which no link can be made; the message names the option or file and what to do.</summary>
public sealed class LinkConfigurationException : Exception
{
    /// <summary>With the message a person sees.</summary>
    public LinkConfigurationException(string message) : base(message)
    {
    }

    /// <summary>With the message a person sees and its cause.</summary>
    public LinkConfigurationException(string message, Exception cause) : base(message, cause)
    {
    }
}

/// <summary>What a link has counted since it was made.</summary>
/// <param name="Received">Messages handed to handlers.</param>
/// <param name="Published">Messages given to the client library.</param>
/// <param name="SamplesDropped">Samples dropped because the link was down or the socket full.</param>
/// <param name="Reconnects">Connections after the first.</param>
/// <param name="HandlerFaults">Exceptions a handler let out; logged, never ending the loop.</param>
public readonly record struct LinkCounters(long Received, long Published, long SamplesDropped, long Reconnects, long HandlerFaults)
{
    /// <summary>What two links have counted together.</summary>
    public LinkCounters Plus(LinkCounters other) => new(
        Received + other.Received,
        Published + other.Published,
        SamplesDropped + other.SamplesDropped,
        Reconnects + other.Reconnects,
        HandlerFaults + other.HandlerFaults);
}
