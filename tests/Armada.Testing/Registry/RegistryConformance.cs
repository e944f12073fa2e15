using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Armada.Core.Devices;
using Armada.Testing.Logging;
using Xunit;

namespace Armada.Testing.Registry;

/// <summary>What every adapter of <see cref="IDeviceRegistry"/> must do.</summary>
public abstract partial class RegistryConformance : IAsyncLifetime
{
    protected FailOnLoggedErrors Logs { get; } = new();

    protected IRegistryUnderTest Rig { get; private set; } = null!;

    private IDeviceRegistry Registry => Rig.Registry;

    /// <summary>Starts without devices.</summary>
    protected abstract Task<IRegistryUnderTest> StartAsync();

    public async Task InitializeAsync() => Rig = await StartAsync();

    public async Task DisposeAsync()
    {
        if (Rig is not null)
            await Rig.DisposeAsync();
        Logs.Dispose();
    }

    [SkippableFact]
    public async Task A_device_gets_a_certificate_and_its_key_and_is_found_after_a_restart()
    {
        var answer = await Registry.CreateAsync(Arm("leader-1", site: "lab"), default);

        Assert.True(answer.IsNew);
        var issued = Assert.IsType<IssuedCredentials>(answer.Issued);
        using var certificate = X509Certificate2.CreateFromPem(issued.Certificate, issued.PrivateKey());
        Assert.True(certificate.HasPrivateKey);
        Assert.Equal(Convert.ToHexStringLower(certificate.GetCertHash(HashAlgorithmName.SHA256)), issued.Fingerprint);
        var its = Assert.Single(answer.Device!.Certificates);
        Assert.Equal(issued.Fingerprint, its.Fingerprint);
        Assert.False(its.IsCollected);
        Assert.Equal(certificate.NotAfter.ToUniversalTime(), its.NotAfter.UtcDateTime);
        Assert.Equal(certificate.NotBefore.ToUniversalTime(), its.NotBefore.UtcDateTime);
        Assert.True(await Rig.IsTakenAsync("leader-1", issued.Fingerprint));

        await SameAsync(answer.Device);
        await Rig.RestartAsync();
        await SameAsync(answer.Device);
        Assert.True(await Rig.IsTakenAsync("leader-1", issued.Fingerprint));
    }

    [SkippableFact]
    public async Task With_a_request_the_key_stays_with_the_device()
    {
        using var keys = new DeviceKeys();

        var answer = await Registry.CreateAsync(Arm("leader-1", request: keys.Request), default);

        Assert.True(answer.IsNew);
        Assert.Null(answer.Issued!.PrivateKey());
        Assert.True(answer.Device!.Newest!.IsCollected);
        Assert.Equal(Rig.SignsTheRequestsKey, keys.IsIn(answer.Issued.Certificate));
        Assert.True(await Rig.IsTakenAsync("leader-1", answer.Issued.Fingerprint));
    }

    [SkippableFact]
    public async Task With_the_same_key_it_is_given_the_same_certificate_again()
    {
        using var keys = new DeviceKeys();
        var first = await Registry.CreateAsync(Arm("leader-1", request: keys.Request), default);
        await Rig.RestartAsync();

        var second = await Registry.CreateAsync(Arm("leader-1", request: keys.Request), default);

        Assert.False(second.IsNew);
        Assert.Equal(first.Issued!.Certificate.Trim(), second.Issued!.Certificate.Trim());
        Assert.Null(second.Issued.PrivateKey());
        await SameAsync(first.Device!);
        Assert.Equal(1, await Rig.CountTakenAsync());
    }

    [SkippableFact]
    public async Task With_another_key_or_as_another_device_it_is_refused_and_stays_as_it_was()
    {
        using var keys = new DeviceKeys();
        using var others = new DeviceKeys();
        var made = await Registry.CreateAsync(Arm("arm-1", site: "lab", request: keys.Request), default);
        NewDevice[] wrong =
        [
            Arm("arm-1", site: "lab", request: others.Request),
            Arm("arm-1", site: "hall", request: keys.Request),
            Arm("arm-1", request: keys.Request),
            Arm("arm-1", DeviceKind.So101Follower, site: "lab", request: keys.Request),
            Arm("arm-1", DeviceKind.MicroPythonArm, BoardRole.Leader, "lab", keys.Request),
        ];

        foreach (var device in wrong)
            Assert.Equal(RegistryRefusalReason.Exists, (await Registry.CreateAsync(device, default)).Refused?.Reason);

        await SameAsync(made.Device!);
        Assert.Equal(1, await Rig.CountTakenAsync());
    }

    [SkippableFact]
    public async Task A_certificate_that_nobody_collected_is_replaced_when_it_is_asked_for_again()
    {
        var first = await Registry.CreateAsync(Arm("leader-1"), default);
        await Rig.RestartAsync();

        var second = await Registry.CreateAsync(Arm("leader-1"), default);

        Assert.False(second.IsNew);
        Assert.NotNull(second.Issued!.PrivateKey());
        Assert.NotEqual(first.Issued!.Fingerprint, second.Issued.Fingerprint);
        Assert.Equal(second.Issued.Fingerprint, Assert.Single(second.Device!.Certificates).Fingerprint);
        Assert.False(await Rig.IsTakenAsync("leader-1", first.Issued.Fingerprint));
        Assert.True(await Rig.IsTakenAsync("leader-1", second.Issued.Fingerprint));
        Assert.Equal(1, await Rig.CountTakenAsync());
    }

    [SkippableFact]
    public async Task A_collected_certificate_is_not_issued_again()
    {
        var made = await Registry.CreateAsync(Arm("leader-1"), default);
        await Registry.CollectedAsync("leader-1", new string('0', 64), default);
        Assert.False((await Registry.FindAsync("leader-1", default))!.Newest!.IsCollected);

        for (var again = 0; again < 2; again++)
            Assert.True((await Registry.CollectedAsync("leader-1", made.Issued!.Fingerprint, default)).Device!.Newest!.IsCollected);
        await Rig.RestartAsync();
        var answer = await Registry.CreateAsync(Arm("leader-1"), default);

        Assert.Null(answer.Issued);
        Assert.Null(answer.Refused);
        Assert.Equal(made.Issued!.Fingerprint, answer.Device!.Newest!.Fingerprint);
        Assert.True(answer.Device.Newest.IsCollected);
    }

    [SkippableFact]
    public async Task Every_kind_is_kept_with_role_and_site()
    {
        foreach (var kind in Enum.GetValues<DeviceKind>())
        {
            BoardRole?[] roles = kind == DeviceKind.MicroPythonArm ? [BoardRole.Leader, BoardRole.Follower] : [null];
            foreach (var role in roles)
            {
                var wanted = Arm($"d-{kind}-{role}", kind, role, role == BoardRole.Leader ? null : "site_1");
                var made = (await Registry.CreateAsync(wanted, default)).Device!;
                Assert.True(made.Is(wanted));
                await SameAsync(made);
            }
        }

        await Rig.RestartAsync();
        Assert.Equal(7, (await Registry.ListAsync(null, 100, default)).Length);
    }

    [SkippableFact]
    public async Task Devices_are_listed_by_name_in_parts()
    {
        string[] names = ["b", "B", "a-1", "a_1", "a", "0", "z9"];
        foreach (var name in names)
            await Registry.CreateAsync(Arm(name), default);
        Array.Sort(names, StringComparer.Ordinal);

        Assert.Equal(names, Names(await Registry.ListAsync(null, 100, default)));
        Assert.Equal(names[..3], Names(await Registry.ListAsync(null, 3, default)));
        Assert.Equal(names[3..5], Names(await Registry.ListAsync(names[2], 2, default)));
        Assert.Equal(["b", "z9"], Names(await Registry.ListAsync("ab", 9, default)));
        Assert.Empty(await Registry.ListAsync("z9", 9, default));
    }

    [SkippableFact]
    public async Task What_is_no_request_is_refused_and_leaves_nothing()
    {
        foreach (var bad in new[] { "", "no request", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----", new string('x', 20_000) })
        {
            Assert.Equal(RegistryRefusalReason.Request, (await Registry.CreateAsync(Arm("arm-1", request: bad), default)).Refused?.Reason);
            Assert.Null(await Registry.FindAsync("arm-1", default));
        }

        var made = await Registry.CreateAsync(Arm("arm-1"), default);
        Assert.Equal(RegistryRefusalReason.Request, (await Registry.RotateAsync("arm-1", "no request", default)).Refused?.Reason);
        await SameAsync(made.Device!);
    }

    [SkippableFact]
    public async Task Many_who_ask_for_the_same_at_once_get_the_same()
    {
        using var keys = new DeviceKeys();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            async () => await Registry.CreateAsync(Arm("arm-1", request: keys.Request), default))));

        Assert.Single(answers, answer => answer.IsNew);
        Assert.Single(answers.Select(answer => answer.Issued!.Fingerprint).Distinct());
        Assert.Equal(1, await Rig.CountTakenAsync());
    }

    [SkippableFact]
    public async Task Devices_say_where_the_broker_is_and_whom_to_trust()
    {
        var place = await Registry.BrokerAsync(default);

        Assert.All(place.Hosts, Assert.NotEmpty);
        Assert.InRange(place.Port, 1, 65535);
        using var authority = X509Certificate2.CreateFromPem(place.Authority);
        Assert.NotEmpty(authority.Subject);
    }

    [SkippableFact]
    public async Task Whoever_gives_up_before_it_began_leaves_nothing()
    {
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Registry.CreateAsync(Arm("arm-1"), gone.Token));

        Assert.Null(await Registry.FindAsync("arm-1", default));
        Assert.Equal(0, await Rig.CountTakenAsync());
    }

    protected static NewDevice Arm(
        string name, DeviceKind kind = DeviceKind.So101Leader, BoardRole? role = null, string? site = null, string? request = null) =>
        new(name, kind, role, site, request);

    /// <summary>Finding and listing say the same.</summary>
    protected async Task SameAsync(DeviceIdentity expected)
    {
        var found = await Registry.FindAsync(expected.Name, default);
        Assert.NotNull(found);
        Assert.Equal(expected with { Certificates = [] }, found with { Certificates = [] });
        Assert.Equal<DeviceCertificate>(expected.Certificates, found.Certificates);
        var listed = Assert.Single(await Registry.ListAsync(null, 1000, default), device => device.Name == expected.Name);
        Assert.Equal(found with { Certificates = [] }, listed with { Certificates = [] });
        Assert.Equal<DeviceCertificate>(found.Certificates, listed.Certificates);
    }

    private static IEnumerable<string> Names(ImmutableArray<DeviceIdentity> devices) => devices.Select(device => device.Name);
}
