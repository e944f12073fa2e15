namespace Armada.Silo.Identities.Broker;

/// <summary>A MicroPython board, which speaks on topics of its own.</summary>
internal readonly record struct Board(string Thing, BoardRole Role);

/// <summary>Who comes in at the broker.</summary>
internal interface IBrokerAdmin
{
    /// <summary>Host by which devices reach it.</summary>
    string Host { get; }

    int Port { get; }

    /// <summary>Writes down which boards there are, and lets the broker read that and the list of revoked certificates again; nobody is dropped.</summary>
    /// <exception cref="Store.NotStoredException">The disk refused, or the broker does not answer.</exception>
    Task RefreshAsync(IEnumerable<Board> boards, CancellationToken cancellation);

    /// <summary>Ends the connection of a device, if there is one. Whether it may come back is the certificates' business.</summary>
    /// <exception cref="Store.NotStoredException">The broker does not answer.</exception>
    Task CutAsync(string device, CancellationToken cancellation);
}
