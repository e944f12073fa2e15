namespace Armada.Silo.Access;

/// <summary>How much callers may take of a silo. The defaults let one panel at 20 Hz show and command 100 robots.</summary>
public sealed record RateLimits
{
    /// <summary>Largest body of a request whose route says nothing else, bytes.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    /// <summary>Longest request line, bytes.</summary>
    public const int MaxLineBytes = 8 * 1024;

    /// <summary>All headers together, bytes; a token of an OpenID provider may have several thousand.</summary>
    public const int MaxHeaderBytes = 16 * 1024;

    /// <summary>Most headers.</summary>
    public const int MaxHeaders = 64;

    /// <summary>How long a client may take to send its headers.</summary>
    public static readonly TimeSpan HeadersWithin = TimeSpan.FromSeconds(10);

    /// <summary>Connections at once, WebSockets aside; one more is closed at once.</summary>
    public int Connections { get; init; } = 2048;

    /// <summary>WebSockets at once.</summary>
    public int Sockets { get; init; } = 1024;

    /// <summary>WebSockets at once of one caller.</summary>
    public int SocketsPerCaller { get; init; } = 256;

    /// <summary>Requests a second of one caller, for long; twice as many at once. A stop or reset is never limited.</summary>
    public int RequestsPerSecond { get; init; } = 2000;

    /// <summary>Requests a second of one address without a key or token; twice as many at once.</summary>
    public int StrangerRequestsPerSecond { get; init; } = 100;
}
