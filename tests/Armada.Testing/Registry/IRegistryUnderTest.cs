using Armada.Core.Devices;

namespace Armada.Testing.Registry;

/// <summary>A registry of devices, as its conformance suite needs it.</summary>
public interface IRegistryUnderTest : IAsyncDisposable
{
    /// <summary>The registry; another one after a restart.</summary>
    IDeviceRegistry Registry { get; }

    /// <summary>Whether a certificate is for the key of the request. An emulator may sign with a key of its own.</summary>
    bool SignsTheRequestsKey { get; }

    /// <summary>Whether whoever lets devices in takes this certificate of a device now; asked of them and not of the registry.</summary>
    Task<bool> IsTakenAsync(string device, string fingerprint);

    /// <summary>How many certificates of any device are taken now, whether the registry knows them or not.</summary>
    Task<int> CountTakenAsync();

    /// <summary>Ends the registry and begins again on the same storage.</summary>
    Task RestartAsync();
}
