using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Armada.Silo.Engine;
using Armada.Silo.Mqtt;
using Armada.Silo.Options;
using Armada.Silo.Store;

namespace Armada.Silo.Identities.Registry;

/// <summary>
/// The devices that are registered with the silo's own authority: one document each, without keys. The list of revoked certificates is
/// authoritative, and the documents follow it.
/// </summary>
internal sealed partial class OwnRegistry(
    DataFolder data,
    CertificateAuthority authority,
    DeviceEndpointOptions endpoint,
    DeviceConnections connections,
    CertificateLifetimes lifetimes,
    TimeProvider time,
    ILoggerFactory loggers)
    : IDeviceRegistry, IDisposable
{
    private readonly SemaphoreSlim changing = new(1);
    private readonly ILogger logger = loggers.CreateLogger<OwnRegistry>();
    private readonly DocumentFiles files = new(loggers.CreateLogger<OwnRegistry>());
    private readonly string folder = data.Folder("devices");
    private ImmutableSortedDictionary<string, StoredDevice> devices = ImmutableSortedDictionary.Create<string, StoredDevice>(StringComparer.Ordinal);
    private RevocationList? revocations;

    public ValueTask<BrokerLocation> BrokerAsync(CancellationToken cancellation) => new(new BrokerLocation([.. endpoint.Hosts], endpoint.Port, authority.Certificate.Pem));

    public ValueTask<DeviceIdentity?> FindAsync(string name, CancellationToken cancellation) =>
        new(Volatile.Read(ref devices).GetValueOrDefault(name)?.ToIdentity());

    public ValueTask<ImmutableArray<DeviceIdentity>> ListAsync(string? after, int limit, CancellationToken cancellation) =>
        new([.. Volatile.Read(ref devices).Values
            .Where(device => after is null || string.CompareOrdinal(device.Name, after) > 0)
            .Take(limit)
            .Select(device => device.ToIdentity())]);

    /// <summary>Why a certificate of this authority admits nobody, or null where it is a registered device's.</summary>
    /// <param name="name">The name in it.</param>
    /// <param name="serial">Its serial number, lower-case hexadecimal.</param>
    public string? FindProblem(string name, string serial)
    {
        if (Revocations.IsRevoked(serial))
            return "its certificate is revoked";
        if (Volatile.Read(ref devices).GetValueOrDefault(name) is not { Leaving: false } device)
            return $"no device {name} is registered";
        return device.Certificates.Any(certificate => certificate.Serial == serial) ? null : $"its certificate is none that {name} was given";
    }

    /// <summary>The role of a board; null for another device, or where there is none of that name.</summary>
    public BoardRole? RoleOf(string name) => Volatile.Read(ref devices).GetValueOrDefault(name)?.Role;

    public ValueTask<RegistryAnswer> CreateAsync(NewDevice device, CancellationToken cancellation) => ChangeAsync(
        async () =>
        {
            if (devices.TryGetValue(device.Name, out var known) && known.Leaving)
                await RemoveAsync(known);
            else if (known is not null)
                return await CreateAgainAsync(known, device);
            if (!TryIssue(device.Name, device.Role, device.Request, out var issued, out var refused))
                return refused;
            var made = StoredDevice.Of(device, time.GetUtcNow(), StoredCertificate.Of(issued));
            await SaveAsync(made);
            return RegistryAnswer.Of(made.ToIdentity(), Credentials(issued), isNew: true);
        },
        cancellation);

    public ValueTask<RegistryAnswer> RotateAsync(string name, string? request, CancellationToken cancellation) => ChangeAsync(
        name,
        async device =>
        {
            if (request is not null && ReadKey(request, out var refused) is { } key)
            {
                if (device.Certificates.FirstOrDefault(certificate => certificate.IsFor(key)) is { } same)
                    return RegistryAnswer.Of(device.ToIdentity(), same.ToCredentials());
            }

            if (device.Certificates is [_, { Collected: true }])
            {
                return RegistryAnswer.Refuse(
                    RegistryRefusalReason.RotationPending,
                    $"{name} was given certificate {device.Newest!.Fingerprint} and was not seen on it yet; wait for that, or revoke one of the two "
                    + $"with DELETE /api/v1/devices/{name}/certificates/<fingerprint>");
            }

            return await ReplaceNewestAsync(device, device.Certificates.Length == 2, request);
        },
        cancellation);

    public ValueTask<RegistryAnswer> CollectedAsync(string name, string fingerprint, CancellationToken cancellation) => ChangeAsync(
        name,
        async device =>
        {
            var its = device.Certificates.FirstOrDefault(certificate => certificate.Fingerprint == fingerprint);
            if (its is { Collected: false })
                device = await SaveAsync(device with { Certificates = device.Certificates.Replace(its, its with { Collected = true }) });
            return RegistryAnswer.Of(device.ToIdentity());
        },
        cancellation);

    public ValueTask<RegistryAnswer> SeenAsync(string name, string fingerprint, CancellationToken cancellation) => ChangeAsync(
        name,
        async device =>
        {
            if (device.Certificates is not [var older, var newer] || newer.Fingerprint != fingerprint)
                return RegistryAnswer.Of(device.ToIdentity());
            await RevokeAsync(older, X509RevocationReason.Superseded);
            device = await SaveAsync(device with { Certificates = [newer with { Collected = true }] });
            LogChanged(name, fingerprint);
            return RegistryAnswer.Of(device.ToIdentity());
        },
        cancellation);

    public ValueTask<RegistryAnswer> RetireAsync(string name, string fingerprint, CancellationToken cancellation) => ChangeAsync(
        name,
        async device =>
        {
            if (device.Certificates.FirstOrDefault(certificate => certificate.Fingerprint == fingerprint) is { } its)
            {
                await RevokeAsync(its, X509RevocationReason.PrivilegeWithdrawn);
                device = await SaveAsync(device.Without(its));
                LogRetired(name, fingerprint);
            }

            await CutAsync(name);
            return RegistryAnswer.Of(device.ToIdentity());
        },
        cancellation);

    public ValueTask<RegistryAnswer> DeleteAsync(string name, CancellationToken cancellation) => ChangeAsync(
        name,
        async device =>
        {
            await RemoveAsync(device);
            return RegistryAnswer.Of(device.ToIdentity());
        },
        cancellation);

    public void Dispose()
    {
        revocations?.Dispose();
        files.Dispose();
        changing.Dispose();
    }

    private async Task<RegistryAnswer> CreateAgainAsync(StoredDevice known, NewDevice wanted)
    {
        if (!known.ToIdentity().Is(wanted))
        {
            return RegistryAnswer.Refuse(
                RegistryRefusalReason.Exists, $"{known.Name} is {Describe(known)} already; delete it first, or choose another name");
        }

        if (wanted.Request is null)
        {
            return known.Newest is { Collected: false } or null
                ? await ReplaceNewestAsync(known, known.Newest is not null, null)
                : RegistryAnswer.Of(known.ToIdentity());
        }

        if (ReadKey(wanted.Request, out var refused) is not { } key)
            return refused!;
        return known.Certificates.FirstOrDefault(certificate => certificate.IsFor(key)) is { } same
            ? RegistryAnswer.Of(known.ToIdentity(), same.ToCredentials())
            : RegistryAnswer.Refuse(
                RegistryRefusalReason.Exists,
                $"{known.Name} has a certificate for another key; POST /api/v1/devices/{known.Name}/rotate gives it a second one");
    }

    private async Task<RegistryAnswer> ReplaceNewestAsync(StoredDevice device, bool replaces, string? request)
    {
        if (!TryIssue(device.Name, device.Role, request, out var issued, out var refused))
            return refused;
        if (replaces)
        {
            await RevokeAsync(device.Newest!, X509RevocationReason.Superseded);
            device = device.Without(device.Newest!);
        }

        device = await SaveAsync(device with { Certificates = device.Certificates.Add(StoredCertificate.Of(issued)) });
        return RegistryAnswer.Of(device.ToIdentity(), Credentials(issued));
    }

    private bool TryIssue(
        string name, BoardRole? role, string? request, [NotNullWhen(true)] out IssuedIdentity? issued, [NotNullWhen(false)] out RegistryAnswer? refused)
    {
        var answer = request is null
            ? authority.Issue(name, lifetimes.For(role))
            : authority.Issue(name, Encoding.UTF8.GetBytes(request), lifetimes.For(role));
        issued = answer.Issued;
        refused = answer.Refused is { } why ? Refuse(why) : null;
        return issued is not null;
    }

    private static PublicKey? ReadKey(string request, out RegistryAnswer? refused)
    {
        refused = null;
        if (KeyRequest.TryRead(Encoding.UTF8.GetBytes(request), out var key, out var why))
            return key;
        refused = Refuse(why);
        return null;
    }

    private static RegistryAnswer Refuse(RegistryRefusal why) => RegistryAnswer.Refuse(why.Reason, why.Text);

    private static IssuedCredentials Credentials(IssuedIdentity issued) =>
        new(issued.Certificate.Sha256, issued.Certificate.Pem, issued.Key?.Pem());

    private static string Describe(StoredDevice device) =>
        $"a {device.Kind}{(device.Role is { } role ? $" ({KindNames.Of(role)})" : "")} "
        + (device.Site is null ? "at no site" : $"at site {device.Site}");

    /// <summary>For tests: called after each durable step of a call. The next start must recover from a crash at any of them.</summary>
    internal Action<string>? StepCompleted { get; set; }

    /// <summary>Reads every device and completes interrupted deletions and revocations.</summary>
    /// <exception cref="SiloOptionsException">The list of revoked certificates is lost.</exception>
    /// <exception cref="NotStoredException"/>
    public async Task OpenAsync(CancellationToken cancellation)
    {
        revocations = await RevocationList.OpenAsync(authority, time, loggers.CreateLogger<RevocationList>(), cancellation);
        var found = files.ReadAll(folder, StoredJson.Default.StoredDevice, (stored, name) => stored.FindProblem(name));
        devices = devices.AddRange(found.Select(device => KeyValuePair.Create(device.Name, device)));
        foreach (var device in found)
        {
            var good = device.Certificates.RemoveAll(certificate => revocations.IsRevoked(certificate.Serial));
            if (device.Leaving)
                await ForgetAsync(device);
            else if (good.Length != device.Certificates.Length)
                await SaveAsync(device with { Certificates = good });
        }

        LogLoaded(devices.Count);
    }

    /// <summary>Signs a new list of revoked certificates if the present one is half-way to its expiry, call it daily.</summary>
    /// <exception cref="NotStoredException">The disk refused.</exception>
    public async Task RenewAsync(CancellationToken cancellation)
    {
        using var held = await changing.EnterAsync(cancellation);
        await Revocations.RenewAsync(cancellation);
    }

    private RevocationList Revocations => revocations ?? throw new InvalidOperationException("the registry is not open yet");

    private ValueTask<RegistryAnswer> ChangeAsync(
        string name, Func<StoredDevice, Task<RegistryAnswer>> change, CancellationToken cancellation) => ChangeAsync(
        () => devices.TryGetValue(name, out var device)
            ? change(device)
            : Task.FromResult(RegistryAnswer.Refuse(
                RegistryRefusalReason.Unknown, $"there is no device {name}; GET /api/v1/devices lists all")),
        cancellation);

    // A change that has begun is not canceled, or it would be left half done.
    private async ValueTask<RegistryAnswer> ChangeAsync(Func<Task<RegistryAnswer>> change, CancellationToken cancellation)
    {
        using var held = await changing.EnterAsync(cancellation);
        _ = Revocations;
        try
        {
            return await change();
        }
        catch (NotStoredException failed)
        {
            throw new RegistryFailedException($"{failed.Message} Repeat the call once that is fixed.", failed);
        }
    }

    private async Task<StoredDevice> SaveAsync(StoredDevice device)
    {
        await files.WriteAsync(PathOf(device), device, StoredJson.Default.StoredDevice, CancellationToken.None);
        Volatile.Write(ref devices, devices.SetItem(device.Name, device));
        StepCompleted?.Invoke("document written");
        return device;
    }

    private async Task RevokeAsync(StoredCertificate certificate, X509RevocationReason reason)
    {
        await Revocations.RevokeAsync(certificate.Serial, reason, CancellationToken.None);
        StepCompleted?.Invoke("certificate revoked");
    }

    private async Task RemoveAsync(StoredDevice device)
    {
        if (!device.Leaving)
            device = await SaveAsync(device with { Leaving = true });
        foreach (var certificate in device.Certificates)
            await RevokeAsync(certificate, X509RevocationReason.CessationOfOperation);
        await CutAsync(device.Name);
        await ForgetAsync(device);
        LogDeleted(device.Name);
    }

    private async Task ForgetAsync(StoredDevice device)
    {
        foreach (var certificate in device.Certificates)
            await Revocations.RevokeAsync(certificate.Serial, X509RevocationReason.CessationOfOperation, CancellationToken.None);
        await files.DeleteAsync(PathOf(device), CancellationToken.None);
        Volatile.Write(ref devices, devices.Remove(device.Name));
        StepCompleted?.Invoke("document removed");
    }

    private async Task CutAsync(string name)
    {
        await connections.CutAsync(name, "its certificates are revoked");
        StepCompleted?.Invoke("connection cut");
    }

    private string PathOf(StoredDevice device) => Path.Combine(folder, device.Name + ".json");

    [LoggerMessage(1710, LogLevel.Information, "Loaded {Count} registered devices")]
    private partial void LogLoaded(int count);

    [LoggerMessage(1711, LogLevel.Information, "Device {Name} was seen on certificate {Fingerprint}; its older one is revoked")]
    private partial void LogChanged(string name, string fingerprint);

    [LoggerMessage(1712, LogLevel.Information, "Certificate {Fingerprint} of device {Name} is revoked")]
    private partial void LogRetired(string name, string fingerprint);

    [LoggerMessage(1713, LogLevel.Information, "Device {Name} is deleted and all its certificates are revoked")]
    private partial void LogDeleted(string name);
}

/// <param name="Device">Of devices that renew their certificates themselves.</param>
/// <param name="Board">Of MicroPython boards, whose certificates are exchanged by hand.</param>
internal sealed record CertificateLifetimes(TimeSpan Device, TimeSpan Board)
{
    public static CertificateLifetimes Default { get; } = new(TimeSpan.FromDays(365), TimeSpan.FromDays(5 * 365));

    public TimeSpan For(BoardRole? role) => role is null ? Device : Board;
}
