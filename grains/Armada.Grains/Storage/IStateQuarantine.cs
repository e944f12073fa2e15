namespace Armada.Grains.Storage;

/// <summary>
/// Where stored grain state goes that cannot be read or that today's rules refuse: out of the grain's way, so that the grain starts
/// without it, and kept with the reason, so that a person can look at it and bring it back.
/// </summary>
public interface IStateQuarantine
{
    /// <summary>Moves a record out of the grain storage, durably. After a crash on the way it is in one of the places, or in both.</summary>
    /// <param name="etag">ETag of the refused record, so that a newer one is never moved by mistake.</param>
    /// <returns>False where there is no record with this ETag any more; nothing was moved then.</returns>
    /// <exception cref="StorageWriteException">The store refused; the record is where it was.</exception>
    Task<bool> SetAsideAsync(string stateName, GrainId grainId, string etag, string reason, CancellationToken cancellation = default);

    /// <summary>The latest first.</summary>
    /// <exception cref="StorageReadException">The store cannot be read now.</exception>
    Task<IReadOnlyList<QuarantinedState>> ListAsync(int limit = 100, CancellationToken cancellation = default);
}

/// <param name="At">To the microsecond.</param>
/// <param name="Data">As they were stored.</param>
public sealed record QuarantinedState(
    string StateName, GrainId GrainId, string ETag, DateTimeOffset At, string Reason, ReadOnlyMemory<byte> Data);
