using Armada.Core.Devices;
using Armada.Grains.Robots;
using Armada.Silo.Identities;
using Armada.Silo.Identities.Registry;
using Armada.Silo.Mqtt;
using Armada.Silo.Options;
using Armada.Silo.Store;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Testing.Registry;
using Microsoft.Extensions.Hosting.Internal;

namespace Armada.Tests.Silo.Identities.Registry;

/// <summary>
/// A silo that is killed after any step of any call: what its folder held just then is opened again, as the next start does, and must be
/// whole.
/// </summary>
public sealed class CutRegistryTests : IDisposable
{
    private readonly FailOnLoggedErrors logs = new();
    private readonly TempFolder folder = new();

    public static TheoryData<string> Calls => ["create", "create with a request", "create again", "rotate", "rotate again", "collect", "seen", "retire", "delete"];

    public void Dispose()
    {
        folder.Dispose();
        logs.Dispose();
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task After_a_cut_at_any_step_the_registry_is_whole_and_the_call_can_be_repeated(string call)
    {
        using var keys = new DeviceKeys();
        var steps = await RunAsync(call, keys);
        Assert.NotEmpty(steps);

        foreach (var (step, path) in steps)
            await CheckAsync(call, step, path, keys);
    }

    private async Task<List<(string Step, string Path)>> RunAsync(string call, DeviceKeys keys)
    {
        var steps = new List<(string, string)>();
        using var opened = await OpenAsync(folder.File("data"));
        await PrepareAsync(call, opened.Registry);
        opened.Registry.StepCompleted = step =>
        {
            var copy = folder.File($"cut-{steps.Count}");
            Copy(folder.File("data"), copy);
            steps.Add((step, copy));
        };
        await CallAsync(call, opened.Registry, keys);
        return steps;
    }

    private static async Task PrepareAsync(string call, OwnRegistry registry)
    {
        if (call.StartsWith("create", StringComparison.Ordinal) && call != "create again")
            return;
        var first = await registry.CreateAsync(Arm(null), default);
        if (call == "create again")
            return;
        await registry.CollectedAsync("arm-1", first.Issued!.Fingerprint, default);
        if (call is not ("rotate" or "collect"))
            await registry.RotateAsync("arm-1", null, default);
    }

    private static async Task CallAsync(string call, OwnRegistry registry, DeviceKeys keys)
    {
        var device = await registry.FindAsync("arm-1", default);
        var answer = call switch
        {
            "create" or "create again" => await registry.CreateAsync(Arm(null), default),
            "create with a request" => await registry.CreateAsync(Arm(keys.Request), default),
            "rotate" or "rotate again" => await registry.RotateAsync("arm-1", null, default),
            "collect" => await CollectNewAsync(registry),
            "seen" => await registry.SeenAsync("arm-1", device!.Newest!.Fingerprint, default),
            "retire" => await registry.RetireAsync("arm-1", device!.Certificates[0].Fingerprint, default),
            "delete" => await registry.DeleteAsync("arm-1", default),
            _ => throw new ArgumentOutOfRangeException(nameof(call), call, "no call"),
        };
        Assert.Null(answer.Refused);
    }

    private static async Task<RegistryAnswer> CollectNewAsync(OwnRegistry registry)
    {
        var issued = (await registry.RotateAsync("arm-1", null, default)).Issued!;
        return await registry.CollectedAsync("arm-1", issued.Fingerprint, default);
    }

    private async Task CheckAsync(string call, string step, string path, DeviceKeys keys)
    {
        var where = $"{call}, cut after '{step}'";
        using (var opened = await OpenAsync(path))
        {
            // Every certificate that a document names is good, and every document is a device's that is there.
            foreach (var device in await opened.Registry.ListAsync(null, 10, default))
            {
                Assert.True(device.Certificates.Length <= 2, where);
                foreach (var serial in SerialsOf(path, device.Name))
                    Assert.False(opened.Revocations.IsRevoked(serial), $"{where}: {serial} is named and revoked");
            }

            if (call == "delete")
                Assert.Null(await opened.Registry.FindAsync("arm-1", default));
            else
                await CallAgainAsync(call, opened.Registry, keys, where);
        }

        Assert.Empty(Directory.EnumerateFiles(path, "*.tmp", SearchOption.AllDirectories));
        Assert.Empty(Directory.EnumerateFiles(path, "*.damaged-*", SearchOption.AllDirectories));
    }

    private static async Task CallAgainAsync(string call, OwnRegistry registry, DeviceKeys keys, string where)
    {
        // What a caller knows of its cut call is its own words: the fingerprint of what was there before, or its request.
        var device = await registry.FindAsync("arm-1", default);
        if (call is "collect" or "rotate" or "rotate again" && device is { Certificates: [_, { IsCollected: true }] })
            return;
        if (call is "seen" or "retire" && device is { Certificates.Length: 1 })
            return;
        await CallAsync(call, registry, keys);
        var after = await registry.FindAsync("arm-1", default);
        Assert.NotNull(after);
        Assert.True(after.Certificates.Length == (call is "rotate" or "rotate again" or "collect" ? 2 : 1), where);
    }

    private async Task<Opened> OpenAsync(string path)
    {
        var data = new DataFolder(path);
        var authority = CertificateAuthority.Open(data, TimeProvider.System, logs.For<CertificateAuthority>());
        var registry = new OwnRegistry(
            data,
            authority,
            new DeviceEndpointOptions(),
            new DeviceConnections(new DeviceRateLimits(), new SiloClock(TimeProvider.System), new ApplicationLifetime(logs.For<ApplicationLifetime>()), logs.For<DeviceConnections>()),
            CertificateLifetimes.Default,
            TimeProvider.System,
            logs);
        await registry.OpenAsync(default);
        var revocations = await RevocationList.OpenAsync(authority, TimeProvider.System, logs.For<RevocationList>(), default);
        return new Opened(data, authority, registry, revocations);
    }

    private static IEnumerable<string> SerialsOf(string path, string device)
    {
        var document = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(Path.Combine(path, "devices", $"{device}.json")))!;
        return document["certificates"]!.AsArray().Select(certificate => certificate!["serial"]!.GetValue<string>());
    }

    private static NewDevice Arm(string? request) => new("arm-1", DeviceKind.MicroPythonArm, BoardRole.Leader, "lab", request);

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            if (Path.GetFileName(file) != "silo.lock") // Held; what is in it means nothing.
                File.Copy(file, target);
        }
    }

    private sealed record Opened(DataFolder Data, CertificateAuthority Authority, OwnRegistry Registry, RevocationList Revocations) : IDisposable
    {
        public void Dispose()
        {
            Revocations.Dispose();
            Registry.Dispose();
            Authority.Dispose();
            Data.Dispose();
        }
    }
}
