using System.Collections.Immutable;
using Armada.Core.Topics;
using Microsoft.Extensions.Logging;

namespace Armada.Silo.AwsIot;

/// <summary>
/// Devices as things of AWS IoT Core. All state of a device is in the attributes of its thing, so several silos may share the account.
/// Thread-safe.
/// </summary>
internal sealed partial class AwsDeviceRegistry : IDeviceRegistry
{
    private readonly AwsAccount account;
    private readonly AccountSetup setup;
    private readonly ThingStore things;
    private readonly ThingIdentities identities;
    private readonly BrokerEndpoint broker;
    private readonly KeyedLock locks = new();
    private readonly ILogger logger;

    public AwsDeviceRegistry(AwsAccount account, AccountSetup setup, BrokerEndpoint broker, ILogger<AwsDeviceRegistry> logger)
    {
        (this.account, this.setup, this.broker, this.logger) = (account, setup, broker, logger);
        things = new ThingStore(setup.DeviceType);
        identities = new ThingIdentities(things, setup, logger);
    }

    public async ValueTask<BrokerLocation> BrokerAsync(CancellationToken cancellation) =>
        await AskAsync("the broker's address", calls => broker.FindAsync(calls).AsTask(), cancellation);

    public async ValueTask<RegistryAnswer> CreateAsync(NewDevice device, CancellationToken cancellation)
    {
        if (FindNameProblem(device.Name) is { } fault)
            return RegistryAnswer.Refuse(RegistryRefusalReason.Name, fault);
        if (ReadKey(device.Name, device.Request, out var key) is { } refusal)
            return refusal;
        return await WithLockAsync(
            device.Name,
            async (calls, thing, isTaken) =>
            {
                if (isTaken)
                    return RegistryAnswer.Refuse(RegistryRefusalReason.Exists, $"{device.Name} is a thing in the account that is not Armada's; choose another name");
                if (thing is null)
                {
                    var order = Order(device.Kind, device.Role, key, device.Request, []);
                    var (created, certificate) = await identities.CreateAsync(calls, device.Name, Tags.Of(device, account.Time.GetUtcNow()), order, cancellation);
                    return RegistryAnswer.Of(Identity(created), Credentials(certificate, key), isNew: true);
                }

                return await CreateExistingAsync(calls, thing, device, key, cancellation);
            },
            cancellation);
    }

    public async ValueTask<DeviceIdentity?> FindAsync(string name, CancellationToken cancellation)
    {
        if (FindNameProblem(name) is not null)
            return null;
        return await AskAsync<DeviceIdentity?>(
            name,
            async calls => (await things.ReadAsync(calls, name)).Thing is { Attributes.Phase: not ThingPhase.New } thing ? Identity(thing) : null,
            cancellation);
    }

    public async ValueTask<ImmutableArray<DeviceIdentity>> ListAsync(string? after, int limit, CancellationToken cancellation) =>
        await AskAsync<ImmutableArray<DeviceIdentity>>(
            "the list of devices",
            async calls =>
            {
                List<DeviceIdentity> found = [];
                await foreach (var (name, thing) in things.ListAsync(calls, cancellation))
                {
                    if (thing is null || Tags.Read(thing) is not { } device)
                        LogUnreadable(name);
                    else if (thing.Attributes.Phase != ThingPhase.New && (after is null || string.CompareOrdinal(name, after) > 0))
                        found.Add(device);
                }

                return [.. found.OrderBy(device => device.Name, StringComparer.Ordinal).Take(limit)];
            },
            cancellation);

    public async ValueTask<RegistryAnswer> DeleteAsync(string name, CancellationToken cancellation)
    {
        if (FindNameProblem(name) is not null)
            return Unknown(name);
        return await WithLockAsync(
            name,
            async (calls, thing, _) =>
            {
                if (thing is null)
                    return Unknown(name);
                await identities.DeleteAsync(calls, thing);
                return thing.Attributes.Phase == ThingPhase.New ? Unknown(name) : RegistryAnswer.Of(Identity(thing));
            },
            cancellation,
            completePending: false);
    }

    /// <summary>Completes or undoes interrupted calls, of this or another silo.</summary>
    /// <exception cref="RegistryFailedException">It failed for at least one device; repeat the call.</exception>
    public async Task RecoverAsync(CancellationToken cancellation)
    {
        var open = await AskAsync(
            "the list of devices",
            async calls =>
            {
                List<string> names = [];
                await foreach (var (name, thing) in things.ListAsync(calls, cancellation))
                {
                    if (thing is { Attributes.HasPendingWork: true })
                        names.Add(name);
                }

                return names;
            },
            cancellation);
        RegistryFailedException? failed = null;
        foreach (var name in open)
        {
            try
            {
                await WithLockAsync(name, (_, _, _) => Task.FromResult(0), cancellation);
            }
            catch (Exception fault) when (!cancellation.IsCancellationRequested)
            {
                failed = fault as RegistryFailedException ?? new RegistryFailedException($"{name}: {fault.Message}", fault); // The other devices are completed all the same.
            }
        }

        if (failed is not null)
            throw failed;
    }

    private static string? FindNameProblem(string name) =>
        !DeviceName.IsValid(name)
            ? $"the device's name must have 1 to {DeviceName.MaxLength} of a-z, A-Z, 0-9, '-' and '_', beginning with a letter or digit"
        : name.StartsWith(AwsSilo.NamePrefix, StringComparison.OrdinalIgnoreCase)
            ? $"names that begin with {AwsSilo.NamePrefix} are the silo's own; choose another one"
        : null;

    private static RegistryAnswer Unknown(string name) => RegistryAnswer.Refuse(RegistryRefusalReason.Unknown, $"there is no device {name}");

    private static DeviceIdentity Identity(Thing thing) => Tags.Read(thing) ?? throw new RegistryFailedException(
        $"the attributes of the thing {thing.Name} at AWS IoT Core were changed and cannot be read; delete the thing and its certificates there");

    // What an interrupted call left behind is completed or undone first.
    private async Task<T> WithLockAsync<T>(string name, Func<CallSequence, Thing?, bool, Task<T>> call, CancellationToken cancellation, bool completePending = true)
    {
        using var held = await locks.AcquireAsync(name, cancellation);
        return await AskAsync(
            name,
            async calls =>
            {
                var (thing, isTaken) = await things.ReadAsync(calls, name);
                if (thing is not null && completePending)
                    thing = await identities.CompletePendingAsync(calls, thing);
                return await call(calls, thing, isTaken);
            },
            cancellation);
    }

    private Task<T> AskAsync<T>(string what, Func<CallSequence, Task<T>> call, CancellationToken cancellation) =>
        CallErrors.TranslateFaultsAsync(what, () => call(account.Begin(cancellation)), cancellation);

    public async ValueTask<RegistryAnswer> RotateAsync(string name, string? request, CancellationToken cancellation)
    {
        if (FindNameProblem(name) is not null)
            return Unknown(name);
        if (ReadKey(name, request, out var key) is { } refusal)
            return refusal;
        return await WithLockAsync(
            name,
            async (calls, thing, _) =>
            {
                if (thing is null)
                    return Unknown(name);
                if (request is not null && await ReturnExistingAsync(calls, thing, key) is { } again)
                    return again;
                var second = thing.Attributes.Certificates is [_, .., var newest] ? newest : null;
                if (second is { Use: CertificateUse.Collected })
                {
                    return RegistryAnswer.Refuse(
                        RegistryRefusalReason.RotationPending, $"{name} has a second certificate already; wait until it is seen on that one, or revoke one of the two");
                }

                return await IssueAsync(calls, thing, key, request, second is null ? [] : [second.Fingerprint], cancellation);
            },
            cancellation);
    }

    public ValueTask<RegistryAnswer> CollectedAsync(string name, string fingerprint, CancellationToken cancellation) =>
        ChangeAsync(name, fingerprint, attributes => attributes.With(entry => entry.Fingerprint == fingerprint ? Collected(entry) : entry), cancellation);

    public ValueTask<RegistryAnswer> SeenAsync(string name, string fingerprint, CancellationToken cancellation) =>
        ChangeAsync(
            name,
            fingerprint,
            attributes =>
            {
                var older = attributes.Certificates.TakeWhile(entry => entry.Fingerprint != fingerprint).ToHashSet();
                return attributes.MarkLeaving(older.Contains).With(entry => entry.Fingerprint == fingerprint ? Collected(entry) : entry);
            },
            cancellation);

    public ValueTask<RegistryAnswer> RetireAsync(string name, string fingerprint, CancellationToken cancellation) =>
        ChangeAsync(name, fingerprint, attributes => attributes.MarkLeaving(entry => entry.Fingerprint == fingerprint), cancellation);

    private static CertificateEntry Collected(CertificateEntry entry) =>
        entry.Use == CertificateUse.Issued ? entry with { Use = CertificateUse.Collected } : entry;

    private static IssuedCredentials Credentials(CreatedCertificate certificate, ThingKeyRequest key) =>
        new(certificate.Fingerprint, certificate.Pem, key.PrivateKey());

    private static RegistryAnswer? ReadKey(string name, string? request, out ThingKeyRequest key)
    {
        if (request is null)
        {
            key = ThingKeyRequest.Create(name);
            return null;
        }

        key = ThingKeyRequest.TryRead(request, out var problem)!;
        return key is null ? RegistryAnswer.Refuse(RegistryRefusalReason.Request, problem) : null;
    }

    private async ValueTask<RegistryAnswer> ChangeAsync(
        string name, string fingerprint, Func<ThingAttributes, ThingAttributes> change, CancellationToken cancellation)
    {
        if (FindNameProblem(name) is not null)
            return Unknown(name);
        return await WithLockAsync(
            name,
            async (calls, thing, _) => thing is null ? Unknown(name)
                : RegistryAnswer.Of(Identity(thing.Attributes.Find(fingerprint) is null ? thing : await identities.RetireAsync(calls, thing, change(thing.Attributes)))),
            cancellation);
    }

    private async Task<RegistryAnswer> CreateExistingAsync(CallSequence calls, Thing thing, NewDevice device, ThingKeyRequest key, CancellationToken cancellation)
    {
        if (!Identity(thing).Is(device))
            return RegistryAnswer.Refuse(RegistryRefusalReason.Exists, $"{device.Name} exists already as another kind, role or site; choose another name, or delete it first");
        if (device.Request is not null)
        {
            return await ReturnExistingAsync(calls, thing, key)
                ?? RegistryAnswer.Refuse(RegistryRefusalReason.Exists, $"{device.Name} exists already with another key; rotate its certificate, or delete it first");
        }

        var uncollected = thing.Attributes.Certificates.Where(entry => entry.Use == CertificateUse.Issued).Select(entry => entry.Fingerprint).ToList();
        return uncollected.Count == 0
            ? RegistryAnswer.Of(Identity(thing))
            : await IssueAsync(calls, thing, key, null, uncollected, cancellation);
    }

    private async Task<RegistryAnswer> IssueAsync(
        CallSequence calls, Thing thing, ThingKeyRequest key, string? request, IReadOnlyCollection<string> replaced, CancellationToken cancellation)
    {
        var device = Identity(thing);
        var (changed, certificate) = await identities.AddAsync(calls, thing, Order(device.Kind, device.Role, key, request, replaced), cancellation);
        return RegistryAnswer.Of(Identity(changed), Credentials(certificate, key));
    }

    private CertificateOrder Order(DeviceKind kind, BoardRole? role, ThingKeyRequest key, string? request, IReadOnlyCollection<string> replaced) =>
        new(key, request is not null, setup.Policies.Of(kind, role), replaced);

    private static async Task<RegistryAnswer?> ReturnExistingAsync(CallSequence calls, Thing thing, ThingKeyRequest key)
    {
        if (thing.Attributes.Certificates.LastOrDefault(entry => entry.KeyHash == key.Hash) is not { } entry)
            return null;
        var pem = await CertificateStore.FetchAsync(calls, entry.Fingerprint) ?? throw new RegistryFailedException(
            $"the certificate {entry.Fingerprint} of {thing.Name} was deleted at AWS IoT Core by somebody else; revoke it here and repeat the call");
        await CertificateStore.RemoveOrphansAsync(calls, entry.KeyHash, entry.NotBefore); // Of another silo's call, or one that could not be undone.
        return RegistryAnswer.Of(Identity(thing), new IssuedCredentials(entry.Fingerprint, pem, null));
    }

    [LoggerMessage(2202, LogLevel.Warning, "The attributes of the thing {Thing} at AWS IoT Core cannot be read; it is left out of the list")]
    private partial void LogUnreadable(string thing);
}
