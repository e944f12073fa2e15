using Armada.Core.Devices;
using Armada.Silo.AwsIot.Calls;
using Armada.Silo.AwsIot.Certificates;
using Armada.Silo.AwsIot.Things;

namespace Armada.Silo.AwsIot;

/// <content>The certificates of a device that is there.</content>
internal sealed partial class AwsDeviceRegistry
{
    /// <inheritdoc/>
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

    /// <inheritdoc/>
    public ValueTask<RegistryAnswer> CollectedAsync(string name, string fingerprint, CancellationToken cancellation) =>
        ChangeAsync(name, fingerprint, note => note.With(entry => entry.Fingerprint == fingerprint ? Collected(entry) : entry), cancellation);

    /// <inheritdoc/>
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

    /// <inheritdoc/>
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
}
