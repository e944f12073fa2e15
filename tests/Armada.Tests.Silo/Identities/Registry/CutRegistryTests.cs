using Armada.Core.Devices;
using Armada.Grains;
using Armada.Silo.Identities.Registry;
using Armada.Testing.Logging;
using Armada.Testing.Registry;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace Armada.Tests.Silo.Identities.Registry;

/// <summary>
/// A storage that fails before or after any write of any call, as where its disk is full or the silo is killed: a call writes once, so the
/// registry has all of it or nothing, and the call can be repeated.
/// </summary>
public sealed class CutRegistryTests : IAsyncLifetime, IDisposable
{
    private readonly FailOnLoggedErrors logs = new();
    private readonly CutStorage storage = new();
    private OwnRig rig = null!;

    public static TheoryData<string, bool> Calls
    {
        get
        {
            var all = new TheoryData<string, bool>();
            foreach (var call in new[] { "create", "create with a request", "create again", "rotate", "rotate again", "collect", "seen", "retire", "delete" })
            {
                all.Add(call, false);
                all.Add(call, true);
            }

            return all;
        }
    }

    private IDeviceRegistry Registry => rig.Registry;

    public async Task InitializeAsync() => rig = await OwnRig.StartAsync(logs, adjust: storage.Replace);

    public async Task DisposeAsync() => await rig.DisposeAsync();

    public void Dispose() => logs.Dispose();

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task What_is_cut_is_done_wholly_or_not_at_all_and_can_be_repeated(string call, bool isWritten)
    {
        using var keys = new DeviceKeys();
        await PrepareAsync(call);
        var before = await Registry.FindAsync("arm-1", default);
        logs.Expect(1603).Expect(1602);

        storage.Cut = isWritten;
        await Assert.ThrowsAsync<RegistryFailedException>(() => CallAsync(call, keys).AsTask());
        Assert.Null(storage.Cut);
        await rig.RestartAsync();

        var cut = await Registry.FindAsync("arm-1", default);
        if (!isWritten)
            Assert.Equal(before?.Certificates.AsEnumerable(), cut?.Certificates.AsEnumerable());
        else if (call != "collect")
            Assert.NotEqual(before?.Certificates.AsEnumerable(), cut?.Certificates.AsEnumerable());
        Assert.Equal(cut?.Certificates.Length ?? 0, rig.Of<IdentityCopy>().Now.Find("arm-1")?.Certificates.Length ?? 0);
        if (call == "delete" && isWritten)
            return;
        if (call is "seen" or "retire" && isWritten)
        {
            Assert.Single(cut!.Certificates);
            return;
        }

        Assert.Null((await CallAsync(call, keys)).Refused);
        var after = await Registry.FindAsync("arm-1", default);
        Assert.Equal(call switch { "delete" => 0, "rotate" or "rotate again" or "collect" => 2, _ => 1 }, after?.Certificates.Length ?? 0);
    }

    private static NewDevice Arm(string? request) => new("arm-1", DeviceKind.MicroPythonArm, BoardRole.Leader, "lab", request);

    private async Task PrepareAsync(string call)
    {
        if (call is "create" or "create with a request")
            return;
        var first = await Registry.CreateAsync(Arm(null), default);
        if (call == "create again")
            return;
        await Registry.CollectedAsync("arm-1", first.Issued!.Fingerprint, default);
        if (call != "rotate")
            await Registry.RotateAsync("arm-1", null, default);
    }

    private async ValueTask<RegistryAnswer> CallAsync(string call, DeviceKeys keys)
    {
        var device = await Registry.FindAsync("arm-1", default);
        return call switch
        {
            "create" or "create again" => await Registry.CreateAsync(Arm(null), default),
            "create with a request" => await Registry.CreateAsync(Arm(keys.Request), default),
            "rotate" or "rotate again" => await Registry.RotateAsync("arm-1", null, default),
            "collect" => await Registry.CollectedAsync("arm-1", device!.Newest!.Fingerprint, default),
            "seen" => await Registry.SeenAsync("arm-1", device!.Newest!.Fingerprint, default),
            "retire" => await Registry.RetireAsync("arm-1", device!.Certificates[0].Fingerprint, default),
            "delete" => await Registry.DeleteAsync("arm-1", default),
            _ => throw new ArgumentOutOfRangeException(nameof(call), call, "no call"),
        };
    }

    /// <summary>The silo's storage, of which one write can be made to fail.</summary>
    private sealed class CutStorage : IGrainStorage
    {
        private IGrainStorage inner = null!;

        /// <summary>Whether the write that fails next was done all the same; null for none.</summary>
        public bool? Cut { get; set; }

        public void Replace(IServiceCollection services)
        {
            var real = services.Last(service => service.ServiceType == typeof(IGrainStorage) && Equals(service.ServiceKey, GrainStores.Armada));
            services.AddKeyedSingleton<IGrainStorage>(GrainStores.Armada, (provider, key) =>
            {
                inner = (IGrainStorage)real.KeyedImplementationFactory!(provider, key);
                return this;
            });
        }

        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ReadStateAsync(stateName, grainId, grainState);

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ClearStateAsync(stateName, grainId, grainState);

        public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            if (Cut is not { } isWritten || !stateName.StartsWith("identities", StringComparison.Ordinal))
            {
                await inner.WriteStateAsync(stateName, grainId, grainState);
                return;
            }

            Cut = null;
            if (isWritten)
                await inner.WriteStateAsync(stateName, grainId, grainState);
            throw new IOException("the storage gives no answer");
        }
    }
}
