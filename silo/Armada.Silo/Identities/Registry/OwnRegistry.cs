using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Armada.Core.Devices;
using Armada.Silo.Identities.Broker;
using Armada.Silo.Store;

namespace Armada.Silo.Identities.Registry;

/// <summary>
/// The devices that the silo's own authority gave an identity: one document each, without keys. The list of revoked certificates is the
/// truth about what is taken back, and the documents follow it.
/// </summary>
internal sealed partial class OwnRegistry : IDeviceRegistry, IDisposable
{
    private readonly CertificateAuthority authority;
    private readonly IBrokerAdmin door;
    private readonly CertificateTerms terms;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim changing = new(1);
    private ImmutableSortedDictionary<string, StoredDevice> devices = ImmutableSortedDictionary.Create<string, StoredDevice>(StringComparer.Ordinal);

    /// <summary>In the silo's folder; nothing is read before <see cref="OpenAsync"/>.</summary>
    public OwnRegistry(
        DataFolder data, CertificateAuthority authority, IBrokerAdmin door, CertificateTerms terms, TimeProvider time, ILoggerFactory loggers)
    {
        (this.authority, this.door, this.terms, this.time, this.loggers) = (authority, door, terms, time, loggers);
        logger = loggers.CreateLogger<OwnRegistry>();
        files = new DocumentFiles(logger);
        folder = data.Folder("devices");
    }

    /// <inheritdoc/>
    public ValueTask<BrokerLocation> BrokerAsync(CancellationToken cancellation) => new(new BrokerLocation(door.Host, door.Port, authority.Certificate.Pem));

    /// <inheritdoc/>
    public ValueTask<DeviceIdentity?> FindAsync(string name, CancellationToken cancellation) =>
        new(Volatile.Read(ref devices).GetValueOrDefault(name)?.ToIdentity());

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<DeviceIdentity>> ListAsync(string? after, int limit, CancellationToken cancellation) =>
        new([.. Volatile.Read(ref devices).Values
            .Where(device => after is null || string.CompareOrdinal(device.Name, after) > 0)
            .Take(limit)
            .Select(device => device.ToIdentity())]);

    /// <inheritdoc/>
    public ValueTask<RegistryAnswer> CreateAsync(NewDevice device, CancellationToken cancellation) => ChangeAsync(
        async () =>
        {
            if (devices.TryGetValue(device.Name, out var known) && known.Leaving)
                await RemoveAsync(known);
            else if (known is not null)
                return await AgainAsync(known, device);
            if (!TryIssue(device.Name, device.Role, device.Request, out var issued, out var refused))
                return refused;
            var made = StoredDevice.Of(device, time.GetUtcNow(), StoredCertificate.Of(issued));
            await SaveAsync(made);
            if (made.IsBoard)
                await RefreshAsync();
            return RegistryAnswer.Of(made.ToIdentity(), Credentials(issued), isNew: true);
        },
        cancellation);

    /// <inheritdoc/>
    public ValueTask<RegistryAnswer> RotateAsync(string name, string? request, CancellationToken cancellation) => ChangeAsync(
        name,
        async device =>
        {
            if (request is not null && ReadKey(request, out var refused) is { } key)
            {
                if (device.Certificates.FirstOrDefault(certificate => certificate.IsFor(key)) is { } same)
                    return RegistryAnswer.Of(device.ToIdentity(), same.Again());
            }

            if (device.Certificates is [_, { Collected: true }])
            {
                return RegistryAnswer.Refuse(
                    RegistryRefusalReason.RotationPending,
                    $"{name} was given certificate {device.Newest!.Fingerprint} and was not seen on it yet; wait for that, or take one of its two back "
                    + $"with DELETE /api/v1/devices/{name}/certificates/<fingerprint>");
            }

            return await ReplaceNewestAsync(device, device.Certificates.Length == 2, request);
        },
        cancellation);

    /// <inheritdoc/>
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

    /// <inheritdoc/>
    public ValueTask<RegistryAnswer> SeenAsync(string name, string fingerprint, CancellationToken cancellation) => ChangeAsync(
        name,
        async device =>
        {
            if (device.Certificates is not [var older, var newer] || newer.Fingerprint != fingerprint)
                return RegistryAnswer.Of(device.ToIdentity());
            await RevokeAsync(older, X509RevocationReason.Superseded);
            device = await SaveAsync(device with { Certificates = [newer with { Collected = true }] });
            await RefreshAsync();
            LogChanged(name, fingerprint);
            return RegistryAnswer.Of(device.ToIdentity());
        },
        cancellation);

    /// <inheritdoc/>
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

            await RefreshAsync(); // Also where there was nothing to do: a call before this one may have come just so far.
            await CutAsync(name);
            return RegistryAnswer.Of(device.ToIdentity());
        },
        cancellation);

    /// <inheritdoc/>
    public ValueTask<RegistryAnswer> DeleteAsync(string name, CancellationToken cancellation) => ChangeAsync(
        name,
        async device =>
        {
            await RemoveAsync(device);
            return RegistryAnswer.Of(device.ToIdentity());
        },
        cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        revocations?.Dispose();
        files.Dispose();
        changing.Dispose();
    }

    private async Task<RegistryAnswer> AgainAsync(StoredDevice known, NewDevice wanted)
    {
        if (!known.ToIdentity().Is(wanted))
        {
            return RegistryAnswer.Refuse(
                RegistryRefusalReason.Exists, $"{known.Name} is {Describe(known)} already; delete it first, or choose another name");
        }

        if (known.IsBoard)
            await RefreshAsync(); // The call that made it may have ended before the broker knew of it.
        if (wanted.Request is null)
        {
            return known.Newest is { Collected: false } or null
                ? await ReplaceNewestAsync(known, known.Newest is not null, null)
                : RegistryAnswer.Of(known.ToIdentity());
        }

        if (ReadKey(wanted.Request, out var refused) is not { } key)
            return refused!;
        return known.Certificates.FirstOrDefault(certificate => certificate.IsFor(key)) is { } same
            ? RegistryAnswer.Of(known.ToIdentity(), same.Again())
            : RegistryAnswer.Refuse(
                RegistryRefusalReason.Exists,
                $"{known.Name} has a certificate for another key; POST /api/v1/devices/{known.Name}/rotate gives it a second one");
    }

    /// <summary>Issues one more certificate, in the place of the newest where nobody has that one.</summary>
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
        string name,
        BoardRole? role,
        string? request,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IssuedIdentity? issued,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out RegistryAnswer? refused)
    {
        var answer = request is null
            ? authority.Issue(name, terms.Of(role))
            : authority.Issue(name, Encoding.UTF8.GetBytes(request), terms.Of(role));
        issued = answer.Issued;
        refused = answer.Refused is { } why ? Refuse(why) : null;
        return issued is not null;
    }

    private static PublicKey? ReadKey(string request, out RegistryAnswer? refused)
    {
        refused = null;
        if (KeyRequest.TryRead(Encoding.UTF8.GetBytes(request), out var read, out var why))
            return read.Key;
        refused = Refuse(why);
        return null;
    }

    private static RegistryAnswer Refuse(IssueRefusal why) => RegistryAnswer.Refuse(
        why.Reason == IssueRefusalReason.Name ? RegistryRefusalReason.Name : RegistryRefusalReason.Request, why.Text);

    private static IssuedCredentials Credentials(IssuedIdentity issued) =>
        new(issued.Certificate.Sha256, issued.Certificate.Pem, issued.Key?.Pem());

    private static string Describe(StoredDevice device) =>
        $"a {device.Kind}{(device.Role is { } role ? $" ({(role == BoardRole.Leader ? "leader" : "follower")})" : "")} "
        + (device.Site is null ? "at no site" : $"at site {device.Site}");
}
