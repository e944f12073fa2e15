namespace Armada.Core.Devices;

/// <summary>
/// What devices should be set to, kept for them while they are away: limits and configuration, and never motion, which is late by the
/// time it is read.
/// </summary>
public interface IDeviceShadow
{
    /// <summary>What a device should be set to; null where nobody said so yet.</summary>
    /// <exception cref="RegistryFailedException">It cannot be found out now.</exception>
    ValueTask<DesiredSettings?> FindAsync(string device, CancellationToken cancellation);

    /// <summary>Sets what a device should be set to; members that are not named stay, members that are null go.</summary>
    /// <param name="device">Its name.</param>
    /// <param name="desired">A JSON object with no other members than <c>limits</c> and <c>configuration</c>.</param>
    /// <param name="version">The version that was read before, so that nobody else's change is lost; null to set it in any case.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="RegistryFailedException">It cannot be done now.</exception>
    ValueTask<ShadowAnswer> DesireAsync(string device, string desired, long? version, CancellationToken cancellation);
}

/// <summary>What a device should be set to.</summary>
/// <param name="Desired">A JSON object with the members <c>limits</c> and <c>configuration</c>, or one of them.</param>
/// <param name="Version">Grows with every change.</param>
public sealed record DesiredSettings(string Desired, long Version);

/// <summary>What became of settings.</summary>
public enum ShadowAnswer : byte
{
    /// <summary>They are set.</summary>
    Done,

    /// <summary>There is no such device.</summary>
    Unknown,

    /// <summary>Somebody else changed them since that version; read them again.</summary>
    Changed,

    /// <summary>They are no JSON object of limits and configuration alone.</summary>
    NoSettings,

    /// <summary>They are larger than 8 KiB together.</summary>
    TooLarge,
}
