namespace Armada.Silo.Arena;

/// <summary>How long a client at the doors is waited for.</summary>
internal sealed record ArenaTiming
{
    /// <summary>Between two looks at a client.</summary>
    public TimeSpan Step { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Between two renewals of a lease; a lease lives for two seconds.</summary>
    public TimeSpan Renewal { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A client that has said nothing for this long is not spoken for any more: three heartbeats of the protocol's 5 s.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A client whose command has waited this long lags.</summary>
    public TimeSpan Lagging { get; init; } = TimeSpan.FromMilliseconds(300);
}
