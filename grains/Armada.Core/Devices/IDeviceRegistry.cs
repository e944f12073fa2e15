using System.Collections.Immutable;

namespace Armada.Core.Devices;

/// <summary>
/// Who has an identity: the port that the silo's own authority and AWS IoT Core fill. Every call may be repeated; one that fails half-way
/// leaves nothing that a repetition, a deletion or the next start does not put right, and no certificate that works without the registry
/// knowing it.
/// </summary>
public interface IDeviceRegistry
{
    /// <summary>Where devices reach the broker.</summary>
    /// <exception cref="RegistryFailedException">It cannot be found out now.</exception>
    ValueTask<BrokerLocation> BrokerAsync(CancellationToken cancellation);

    /// <summary>Gives a device its identity, with a certificate for the key of its request or for one that the registry makes.</summary>
    /// <remarks>
    /// Where the device is there already: with the key of one of its certificates, that certificate is given again; with another key, or
    /// as another kind, it is refused. Without a request, a certificate that was not collected is replaced by a new one; where all were,
    /// the device is given back and nothing is issued.
    /// </remarks>
    /// <exception cref="RegistryFailedException">It cannot be done now.</exception>
    ValueTask<RegistryAnswer> CreateAsync(NewDevice device, CancellationToken cancellation);

    /// <summary>A device, or null.</summary>
    /// <exception cref="RegistryFailedException">It cannot be found out now.</exception>
    ValueTask<DeviceIdentity?> FindAsync(string name, CancellationToken cancellation);

    /// <summary>Devices by name (ordinal), those after a name.</summary>
    /// <param name="after">The name before the first one, whether it is there or not; null for the beginning.</param>
    /// <param name="limit">Most devices, 1 or more.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="RegistryFailedException">It cannot be found out now.</exception>
    ValueTask<ImmutableArray<DeviceIdentity>> ListAsync(string? after, int limit, CancellationToken cancellation);

    /// <summary>Issues a second certificate; both are good until the device is seen on the new one.</summary>
    /// <remarks>
    /// With the key of one of its certificates, that one is given again. A second certificate that was not collected is replaced; where
    /// it was, the call is refused until the device is seen on it or one of the two is taken back.
    /// </remarks>
    /// <param name="name">The device.</param>
    /// <param name="request">As in <see cref="NewDevice"/>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="RegistryFailedException">It cannot be done now.</exception>
    ValueTask<RegistryAnswer> RotateAsync(string name, string? request, CancellationToken cancellation);

    /// <summary>Notes durably that the bundle of a certificate was handed out. One that is not the device's changes nothing.</summary>
    /// <exception cref="RegistryFailedException">It cannot be noted now; the bundle must not be handed out.</exception>
    ValueTask<RegistryAnswer> CollectedAsync(string name, string fingerprint, CancellationToken cancellation);

    /// <summary>Notes that a device was seen on a certificate: its older ones are taken back. One that is not the device's changes nothing.</summary>
    /// <exception cref="RegistryFailedException">It cannot be done now; the older certificates may still be good.</exception>
    ValueTask<RegistryAnswer> SeenAsync(string name, string fingerprint, CancellationToken cancellation);

    /// <summary>Takes one certificate back and cuts the device's connection; it may come back with another one. One that is not the device's changes nothing.</summary>
    /// <exception cref="RegistryFailedException">It cannot be done now; repeat the call.</exception>
    ValueTask<RegistryAnswer> RetireAsync(string name, string fingerprint, CancellationToken cancellation);

    /// <summary>Takes back all certificates of a device, cuts its connection, and forgets it. When this ends, no new connection is accepted.</summary>
    /// <exception cref="RegistryFailedException">It cannot be done now, or not wholly; repeat the call.</exception>
    ValueTask<RegistryAnswer> DeleteAsync(string name, CancellationToken cancellation);
}
