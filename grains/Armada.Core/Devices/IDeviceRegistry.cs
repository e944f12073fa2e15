namespace Armada.Core.Devices;

/// <summary>
/// The identities of devices, kept by the silo's own authority or by AWS IoT Core. Every call may be repeated; what a failed one leaves
/// behind is put right by a repetition, a deletion or the next start, and no certificate works without the registry knowing it.
/// </summary>
/// <exception cref="RegistryFailedException">Every call: the registry's disk or service failed.</exception>
public interface IDeviceRegistry
{
    ValueTask<BrokerLocation> BrokerAsync(CancellationToken cancellation);

    /// <summary>Gives a device its identity, with a certificate for the key of its request or for one that the registry makes.</summary>
    /// <remarks>
    /// Where the device is there already: with the key of one of its certificates, that certificate is given again; with another key, or
    /// as another kind, it is refused. Without a request, a certificate that was not collected is replaced by a new one; where all were,
    /// the device is given back and nothing is issued.
    /// </remarks>
    ValueTask<RegistryAnswer> CreateAsync(NewDevice device, CancellationToken cancellation);

    ValueTask<DeviceIdentity?> FindAsync(string name, CancellationToken cancellation);

    /// <summary>Devices in ordinal order of their names.</summary>
    /// <param name="after">The name before the first one, which need not exist; null for the beginning.</param>
    /// <param name="limit">Most devices, 1 or more.</param>
    ValueTask<ImmutableArray<DeviceIdentity>> ListAsync(string? after, int limit, CancellationToken cancellation);

    /// <summary>Issues a second certificate; both are good until the device is seen on the new one.</summary>
    /// <remarks>
    /// With the key of one of its certificates, that one is given again. A second certificate that was not collected is replaced; where
    /// it was, the call is refused until the device is seen on it or one of the two is taken back.
    /// </remarks>
    /// <param name="request">As in <see cref="NewDevice"/>.</param>
    ValueTask<RegistryAnswer> RotateAsync(string name, string? request, CancellationToken cancellation);

    /// <summary>Notes durably that the bundle of a certificate was handed out. One that is not the device's changes nothing.</summary>
    /// <exception cref="RegistryFailedException">It cannot be noted now; the bundle must not be handed out.</exception>
    ValueTask<RegistryAnswer> CollectedAsync(string name, string fingerprint, CancellationToken cancellation);

    /// <summary>Notes that a device was seen on a certificate: its older ones are taken back. One that is not the device's changes nothing.</summary>
    /// <exception cref="RegistryFailedException">It cannot be done now; the older certificates may still be good.</exception>
    ValueTask<RegistryAnswer> SeenAsync(string name, string fingerprint, CancellationToken cancellation);

    /// <summary>Takes one certificate back and cuts the connection that uses it; the device may come back with another one. One that is not the device's changes nothing.</summary>
    /// <exception cref="RegistryFailedException">It cannot be done now; repeat the call.</exception>
    ValueTask<RegistryAnswer> RetireAsync(string name, string fingerprint, CancellationToken cancellation);

    /// <summary>Takes back all certificates of a device, cuts its connection, and forgets it. When this ends, no new connection is accepted.</summary>
    /// <exception cref="RegistryFailedException">It cannot be done now, or not wholly; repeat the call.</exception>
    ValueTask<RegistryAnswer> DeleteAsync(string name, CancellationToken cancellation);
}

/// <summary>Where devices reach their broker, and which authority they trust there.</summary>
/// <param name="Hosts">Names or addresses, as the broker's certificate has them, each with a port where it is not <paramref name="Port"/>.</param>
/// <param name="Authority">Certificate of the authority that the broker's comes from, PEM.</param>
/// <param name="SignsDevices">
/// Whether that authority signs the devices' certificates too, under their names; AWS IoT Core's are of another one, which puts no names in.
/// </param>
public sealed record BrokerLocation(ImmutableArray<string> Hosts, int Port, string Authority, bool SignsDevices = true);
