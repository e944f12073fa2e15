namespace Armada.Core.Devices;

/// <summary>Desired settings of devices, kept while they are offline: limits and configuration, never motion.</summary>
public interface IDeviceShadow
{
    /// <summary>The desired settings, or null.</summary>
    /// <exception cref="RegistryFailedException">It cannot be found out now.</exception>
    ValueTask<DesiredSettings?> FindAsync(string device, CancellationToken cancellation);

    /// <summary>Changes the desired settings; members that are not named stay, members that are null go.</summary>
    /// <param name="desired">A JSON object with no other members than <c>limits</c> and <c>configuration</c>.</param>
    /// <param name="version">The version that was read before; null to overwrite any.</param>
    /// <exception cref="RegistryFailedException">It cannot be done now.</exception>
    ValueTask<ShadowAnswer> DesireAsync(string device, string desired, long? version, CancellationToken cancellation);
}

/// <param name="Desired">A JSON object with the members <c>limits</c> and <c>configuration</c>, or one of them.</param>
/// <param name="Version">Grows with every change.</param>
public sealed record DesiredSettings(string Desired, long Version);

public enum ShadowAnswer : byte
{
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
