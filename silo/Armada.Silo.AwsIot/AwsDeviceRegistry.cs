using System.Collections.Immutable;
using Armada.Core.Devices;
using Armada.Core.Topics;
using Armada.Silo.AwsIot.Broker;
using Armada.Silo.AwsIot.Calls;
using Armada.Silo.AwsIot.Certificates;
using Armada.Silo.AwsIot.Things;
using Microsoft.Extensions.Logging;

namespace Armada.Silo.AwsIot;

/// <summary>
/// Devices as things of AWS IoT Core. A thing's attributes say what the device is and which certificates it has; AWS holds nothing of it
/// elsewhere, so several silos may share it. Safe to use from several threads.
/// </summary>
internal sealed partial class AwsDeviceRegistry : IDeviceRegistry
{
    private readonly AwsAccount account;
    private readonly AccountSetup foundations;
    private readonly ThingStore things;
    private readonly ThingIdentities identities;
    private readonly BrokerEndpoint broker;
    private readonly KeyedLock turns = new();
    private readonly ILogger logger;

    public AwsDeviceRegistry(AwsAccount account, AccountSetup foundations, BrokerEndpoint broker, ILogger<AwsDeviceRegistry> logger)
    {
        (this.account, this.foundations, this.broker, this.logger) = (account, foundations, broker, logger);
        things = new ThingStore(foundations.DeviceType);
        identities = new ThingIdentities(things, foundations, logger);
    }

    public async ValueTask<BrokerLocation> BrokerAsync(CancellationToken cancellation) =>
        await AskAsync("the broker's address", run => broker.FindAsync(run).AsTask(), cancellation);

    public async ValueTask<RegistryAnswer> CreateAsync(NewDevice device, CancellationToken cancellation)
    {
        if (NameFault(device.Name) is { } fault)
            return RegistryAnswer.Refuse(RegistryRefusalReason.Name, fault);
        if (ReadKey(device.Name, device.Request, out var key) is { } refusal)
            return refusal;
        return await InTurnAsync(
            device.Name,
            async (run, thing, isTaken) =>
            {
                if (isTaken)
                    return RegistryAnswer.Refuse(RegistryRefusalReason.Exists, $"{device.Name} is a thing in the account that is none of Armada's; choose another name");
                if (thing is null)
                {
                    var order = Order(device.Kind, device.Role, key, device.Request, []);
                    var (made, certificate) = await identities.MakeAsync(run, device.Name, Labels.Of(device, account.Time.GetUtcNow()), order, cancellation);
                    return RegistryAnswer.Of(Identity(made), Credentials(certificate, key), isNew: true);
                }

                return await CreateAgainAsync(run, thing, device, key, cancellation);
            },
            cancellation);
    }

    public async ValueTask<DeviceIdentity?> FindAsync(string name, CancellationToken cancellation)
    {
        if (NameFault(name) is not null)
            return null;
        return await AskAsync<DeviceIdentity?>(
            name,
            async run => (await things.ReadAsync(run, name)).Thing is { Note.Phase: not ThingPhase.New } thing ? Identity(thing) : null,
            cancellation);
    }

    public async ValueTask<ImmutableArray<DeviceIdentity>> ListAsync(string? after, int limit, CancellationToken cancellation) =>
        await AskAsync<ImmutableArray<DeviceIdentity>>(
            "the list of devices",
            async run =>
            {
                List<DeviceIdentity> found = [];
                await foreach (var (name, thing) in things.ListAsync(run, cancellation))
                {
                    if (thing is null || Labels.Read(thing) is not { } device)
                        LogUnread(name);
                    else if (thing.Note.Phase != ThingPhase.New && (after is null || string.CompareOrdinal(name, after) > 0))
                        found.Add(device);
                }

                return [.. found.OrderBy(device => device.Name, StringComparer.Ordinal).Take(limit)];
            },
            cancellation);

    public async ValueTask<RegistryAnswer> DeleteAsync(string name, CancellationToken cancellation)
    {
        if (NameFault(name) is not null)
            return Unknown(name);
        return await InTurnAsync(
            name,
            async (run, thing, _) =>
            {
                if (thing is null)
                    return Unknown(name);
                await identities.DeleteAsync(run, thing);
                return thing.Note.Phase == ThingPhase.New ? Unknown(name) : RegistryAnswer.Of(Identity(thing));
            },
            cancellation,
            settle: false);
    }

    /// <summary>Completes what earlier calls, of this or another silo, began and did not end.</summary>
    /// <exception cref="RegistryFailedException">It cannot be done now.</exception>
    public async Task RecoverAsync(CancellationToken cancellation)
    {
        var open = await AskAsync(
            "the list of devices",
            async run =>
            {
                List<string> names = [];
                await foreach (var (name, thing) in things.ListAsync(run, cancellation))
                {
                    if (thing is { Note.IsOpen: true })
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
                await InTurnAsync(name, (_, _, _) => Task.FromResult(0), cancellation);
            }
            catch (RegistryFailedException fault)
            {
                failed = fault; // The others are no worse for it.
            }
        }

        if (failed is not null)
            throw failed;
    }

    private static string? NameFault(string name) =>
        !DeviceName.IsValid(name)
            ? $"the device's name must have 1 to {DeviceName.MaxLength} of a-z, A-Z, 0-9, '-' and '_', beginning with a letter or digit"
        : name.StartsWith(AwsSilo.NamePrefix, StringComparison.OrdinalIgnoreCase)
            ? $"names that begin with {AwsSilo.NamePrefix} are the silo's own; choose another one"
        : null;

    private static RegistryAnswer Unknown(string name) => RegistryAnswer.Refuse(RegistryRefusalReason.Unknown, $"there is no device {name}");

    private static DeviceIdentity Identity(Thing thing) => Labels.Read(thing) ?? throw new RegistryFailedException(
        $"the attributes of the thing {thing.Name} at AWS IoT Core were changed and cannot be read; delete the thing and its certificates there");

    // Whatever an earlier call left under way is settled before the new one begins.
    private async Task<T> InTurnAsync<T>(string name, Func<CallRun, Thing?, bool, Task<T>> call, CancellationToken cancellation, bool settle = true)
    {
        using var turn = await turns.TakeAsync(name, cancellation);
        return await AskAsync(
            name,
            async run =>
            {
                var (thing, isTaken) = await things.ReadAsync(run, name);
                if (thing is not null && settle)
                    thing = await identities.SettleAsync(run, thing);
                return await call(run, thing, isTaken);
            },
            cancellation);
    }

    private Task<T> AskAsync<T>(string what, Func<CallRun, Task<T>> call, CancellationToken cancellation) =>
        CallFaults.InWordsAsync(what, () => call(account.Begin(cancellation)), cancellation);

    public async ValueTask<RegistryAnswer> RotateAsync(string name, string? request, CancellationToken cancellation)
    {
        if (NameFault(name) is not null)
            return Unknown(name);
        if (ReadKey(name, request, out var key) is { } refusal)
            return refusal;
        return await InTurnAsync(
            name,
            async (run, thing, _) =>
            {
                if (thing is null)
                    return Unknown(name);
                if (request is not null && await GiveAgainAsync(run, thing, key) is { } again)
                    return again;
                var second = thing.Note.Certificates is [_, .., var newest] ? newest : null;
                if (second is { Use: CertificateUse.Collected })
                {
                    return RegistryAnswer.Refuse(
                        RegistryRefusalReason.RotationPending, $"{name} has a second certificate already; wait until it is seen on it, or take one of the two back");
                }

                return await IssueAsync(run, thing, key, request, second is null ? [] : [second.Fingerprint], cancellation);
            },
            cancellation);
    }

    public ValueTask<RegistryAnswer> CollectedAsync(string name, string fingerprint, CancellationToken cancellation) =>
        ChangeAsync(name, fingerprint, note => note.With(entry => entry.Fingerprint == fingerprint ? Collected(entry) : entry), cancellation);

    public ValueTask<RegistryAnswer> SeenAsync(string name, string fingerprint, CancellationToken cancellation) =>
        ChangeAsync(
            name,
            fingerprint,
            note =>
            {
                var older = note.Certificates.TakeWhile(entry => entry.Fingerprint != fingerprint).ToHashSet();
                return note.Leave(older.Contains).With(entry => entry.Fingerprint == fingerprint ? Collected(entry) : entry);
            },
            cancellation);

    public ValueTask<RegistryAnswer> RetireAsync(string name, string fingerprint, CancellationToken cancellation) =>
        ChangeAsync(name, fingerprint, note => note.Leave(entry => entry.Fingerprint == fingerprint), cancellation);

    private static CertificateNote Collected(CertificateNote note) =>
        note.Use == CertificateUse.Issued ? note with { Use = CertificateUse.Collected } : note;

    private static IssuedCredentials Credentials(MadeCertificate certificate, KeyRequest key) =>
        new(certificate.Fingerprint, certificate.Pem, key.PrivateKey());

    private static RegistryAnswer? ReadKey(string name, string? request, out KeyRequest key)
    {
        if (request is null)
        {
            key = KeyRequest.Make(name);
            return null;
        }

        key = KeyRequest.TryRead(request, out var problem)!;
        return key is null ? RegistryAnswer.Refuse(RegistryRefusalReason.Request, problem) : null;
    }

    private async ValueTask<RegistryAnswer> ChangeAsync(
        string name, string fingerprint, Func<ThingAttributes, ThingAttributes> change, CancellationToken cancellation)
    {
        if (NameFault(name) is not null)
            return Unknown(name);
        return await InTurnAsync(
            name,
            async (run, thing, _) => thing is null ? Unknown(name)
                : RegistryAnswer.Of(Identity(thing.Note.Find(fingerprint) is null ? thing : await identities.RetireAsync(run, thing, change(thing.Note)))),
            cancellation);
    }

    private async Task<RegistryAnswer> CreateAgainAsync(CallRun run, Thing thing, NewDevice device, KeyRequest key, CancellationToken cancellation)
    {
        if (!Identity(thing).Is(device))
            return RegistryAnswer.Refuse(RegistryRefusalReason.Exists, $"{device.Name} is there already, as something else; choose another name, or delete it first");
        if (device.Request is not null)
        {
            return await GiveAgainAsync(run, thing, key)
                ?? RegistryAnswer.Refuse(RegistryRefusalReason.Exists, $"{device.Name} is there already, with another key; rotate its certificate, or delete it first");
        }

        var uncollected = thing.Note.Certificates.Where(note => note.Use == CertificateUse.Issued).Select(note => note.Fingerprint).ToList();
        return uncollected.Count == 0
            ? RegistryAnswer.Of(Identity(thing))
            : await IssueAsync(run, thing, key, null, uncollected, cancellation);
    }

    private async Task<RegistryAnswer> IssueAsync(
        CallRun run, Thing thing, KeyRequest key, string? request, IReadOnlyCollection<string> replaced, CancellationToken cancellation)
    {
        var device = Identity(thing);
        var (changed, certificate) = await identities.AddAsync(run, thing, Order(device.Kind, device.Role, key, request, replaced), cancellation);
        return RegistryAnswer.Of(Identity(changed), Credentials(certificate, key));
    }

    private CertificateOrder Order(DeviceKind kind, BoardRole? role, KeyRequest key, string? request, IReadOnlyCollection<string> replaced) =>
        new(key, request is not null, foundations.Policies.Of(kind, role), replaced);

    private static async Task<RegistryAnswer?> GiveAgainAsync(CallRun run, Thing thing, KeyRequest key)
    {
        if (thing.Note.Certificates.LastOrDefault(note => note.KeyHash == key.Hash) is not { } note)
            return null;
        var pem = await CertificateStore.FetchAsync(run, note.Fingerprint) ?? throw new RegistryFailedException(
            $"the certificate {note.Fingerprint} of {thing.Name} was deleted at AWS IoT Core by somebody else; take it back here and ask again");
        return RegistryAnswer.Of(Identity(thing), new IssuedCredentials(note.Fingerprint, pem, null));
    }

    [LoggerMessage(2202, LogLevel.Warning, "The attributes of the thing {Thing} at AWS IoT Core cannot be read; it is left out of the list")]
    private partial void LogUnread(string thing);
}
