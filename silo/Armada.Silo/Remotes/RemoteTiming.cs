namespace Armada.Silo.Remotes;

/// <summary>How long the silo waits for another service's robot.</summary>
internal sealed record RemoteTiming
{
    /// <summary>For a connection; the protocol's own clients wait as long.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>For the answer to a command; after it the connection is made anew. The protocol's own clients wait as long.</summary>
    public TimeSpan Acknowledge { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For the answer to a command until the slave lags; a newer command goes out then all the same.</summary>
    public TimeSpan Lagging { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Between two questions where the joints are.</summary>
    public TimeSpan Ask { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>First wait before a reconnect; each further one doubles, all jittered between half and whole.</summary>
    public TimeSpan BackOffFirst { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Longest wait before a reconnect.</summary>
    public TimeSpan BackOffMost { get; init; } = TimeSpan.FromSeconds(2);
}
