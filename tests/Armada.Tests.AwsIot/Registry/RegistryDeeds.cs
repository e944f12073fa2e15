using Armada.Core.Devices;
using Armada.Tests.AwsIot.Moto;

namespace Armada.Tests.AwsIot.Registry;

/// <summary>Something that is asked of a registry, with what must be there before; each may be asked again.</summary>
/// <param name="Prepare">Makes what must be there; gives a fingerprint that the deed is about.</param>
/// <param name="Do">Asks.</param>
internal sealed record RegistryDeed(Func<IDeviceRegistry, Task<string>> Prepare, Func<IDeviceRegistry, string, Task<RegistryAnswer>> Do)
{
    /// <summary>The device that every deed is about.</summary>
    public const string Name = "arm-1";

    private static readonly string FirstRequest = Requests.New();
    private static readonly string SecondRequest = Requests.New();

    /// <summary>All of them, by name.</summary>
    public static IReadOnlyDictionary<string, RegistryDeed> All { get; } = new Dictionary<string, RegistryDeed>
    {
        ["create with a request"] = new(Nothing, (registry, _) => registry.CreateAsync(Arm(FirstRequest), default).AsTask()),
        ["create with a key made here"] = new(Nothing, (registry, _) => registry.CreateAsync(Arm(null), default).AsTask()),
        ["create again what nobody collected"] = new(MadeAsync, (registry, _) => registry.CreateAsync(Arm(null), default).AsTask()),
        ["rotate with a request"] = new(CollectedAsync, (registry, _) => registry.RotateAsync(Name, SecondRequest, default).AsTask()),
        ["rotate again what nobody collected"] = new(RotatedAsync, (registry, _) => registry.RotateAsync(Name, null, default).AsTask()),
        ["collect"] = new(MadeAsync, (registry, client) => registry.CollectedAsync(Name, client, default).AsTask()),
        ["see on the second"] = new(RotatedAsync, (registry, client) => registry.SeenAsync(Name, client, default).AsTask()),
        ["retire"] = new(RotatedAsync, (registry, client) => registry.RetireAsync(Name, client, default).AsTask()),
        ["delete"] = new(RotatedAsync, (registry, _) => registry.DeleteAsync(Name, default).AsTask()),
    };

    private static NewDevice Arm(string? request) => new(Name, DeviceKind.So101Leader, Site: "hall", Request: request);

    private static Task<string> Nothing(IDeviceRegistry registry) => Task.FromResult("");

    private static async Task<string> MadeAsync(IDeviceRegistry registry) => (await registry.CreateAsync(Arm(null), default)).Issued!.Fingerprint;

    private static async Task<string> CollectedAsync(IDeviceRegistry registry)
    {
        var client = await MadeAsync(registry);
        await registry.CollectedAsync(Name, client, default);
        return client;
    }

    private static async Task<string> RotatedAsync(IDeviceRegistry registry)
    {
        await CollectedAsync(registry);
        return (await registry.RotateAsync(Name, null, default)).Issued!.Fingerprint;
    }
}
