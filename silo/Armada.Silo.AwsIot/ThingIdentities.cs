using Amazon.IoT.Model;
using Amazon.Runtime;
using Microsoft.Extensions.Logging;

namespace Armada.Silo.AwsIot;

/// <summary>
/// Issues and removes the certificates of things. The intention is written to the thing first, so that a repeated call, a deletion or the
/// next start can complete or undo it.
/// </summary>
internal sealed partial class ThingIdentities(ThingStore things, AccountSetup setup, ILogger logger)
{
    private static readonly TimeSpan UndoTimeout = TimeSpan.FromSeconds(20);

    public async Task<(Thing Thing, CreatedCertificate Certificate)> CreateAsync(
        CallSequence calls, string name, IReadOnlyDictionary<string, string> tags, CertificateOrder order, CancellationToken cancellation)
    {
        var marker = CreationMarker.New(order.Key.Hash, calls.Account.Time.GetUtcNow());
        var attributes = ThingAttributes.Of(tags, marker);
        await setup.EnsureAsync(calls, things.Type, order.Policy, Tags.SiteOf(attributes), cancellation);
        return await WithUndoAsync(calls.Account, name, marker, async created =>
        {
            var thing = await things.CreateAsync(calls, name, attributes);
            if (Tags.SiteOf(attributes) is { } site)
            {
                await calls.AskAsync((client, token) => client.AddThingToThingGroupAsync(
                    new AddThingToThingGroupRequest { ThingGroupName = setup.GroupOf(site), ThingName = name }, token));
            }

            return await IssueCertificateAsync(calls, thing, order, created);
        });
    }

    public async Task<(Thing Thing, CreatedCertificate Certificate)> AddAsync(CallSequence calls, Thing thing, CertificateOrder order, CancellationToken cancellation)
    {
        await setup.EnsureAsync(calls, things.Type, order.Policy, null, cancellation);
        var marker = CreationMarker.New(order.Key.Hash, calls.Account.Time.GetUtcNow());
        var (with, certificate) = await WithUndoAsync(calls.Account, thing.Name, marker, async created =>
            await IssueCertificateAsync(calls, await things.WriteAsync(calls, thing, thing.Attributes with { Pending = marker }), order, created));
        return (await RemoveLeavingAsync(calls, with), certificate);
    }

    public async Task<Thing> RetireAsync(CallSequence calls, Thing thing, ThingAttributes changed)
    {
        if (changed.Equals(thing.Attributes))
            return thing;
        return await RemoveLeavingAsync(calls, await things.WriteAsync(calls, thing, changed));
    }

    public async Task DeleteAsync(CallSequence calls, Thing thing)
    {
        if (thing.Attributes.Phase != ThingPhase.Leaving)
            thing = await things.WriteAsync(calls, thing, thing.Attributes with { Phase = ThingPhase.Leaving });
        foreach (var entry in thing.Attributes.Certificates)
            await CertificateStore.DeactivateAsync(calls, entry.Fingerprint);
        if (thing.Attributes.Pending is { } marker)
            await UndoPendingAsync(calls, thing, marker);
        foreach (var entry in thing.Attributes.Certificates)
            await CertificateStore.RemoveAsync(calls, thing.CertificateArn(entry.Fingerprint), thing.Name);
        foreach (var other in await CertificateStore.PrincipalsOfAsync(calls, thing.Name))
            await CertificateStore.DetachAsync(calls, other, thing.Name);
        if (Tags.SiteOf(thing.Attributes) is { } site)
        {
            await calls.TryAsync(
                (client, token) => client.RemoveThingFromThingGroupAsync(
                    new RemoveThingFromThingGroupRequest { ThingGroupName = setup.GroupOf(site), ThingName = thing.Name }, token),
                CallErrors.NotFound);
        }

        await ThingStore.DeleteAsync(calls, thing.Name);
    }

    public async Task<Thing?> CompletePendingAsync(CallSequence calls, Thing thing)
    {
        if (!thing.Attributes.HasPendingWork)
            return thing;
        LogCompleting(thing.Name);
        if (thing.Attributes.Phase != ThingPhase.Ready)
        {
            await DeleteAsync(calls, thing);
            return null;
        }

        if (thing.Attributes.Pending is { } marker)
        {
            await UndoPendingAsync(calls, thing, marker);
            thing = await things.WriteAsync(calls, thing, thing.Attributes with { Pending = null });
        }

        return await RemoveLeavingAsync(calls, thing);
    }

    private static async Task UndoPendingAsync(CallSequence calls, Thing thing, CreationMarker marker)
    {
        foreach (var arn in await CertificateStore.PrincipalsOfAsync(calls, thing.Name))
        {
            // Not one with another key, which somebody attached by hand.
            if (thing.Attributes.Find(CertificateStore.FingerprintOf(arn)) is null
                && await CertificateStore.FetchAsync(calls, CertificateStore.FingerprintOf(arn)) is { } pem && KeyHash.OfCertificate(pem) == marker.KeyHash)
            {
                await CertificateStore.RemoveAsync(calls, arn, thing.Name);
            }
        }

        await CertificateStore.RemoveOrphansAsync(calls, marker.KeyHash, marker.Since);
    }

    private async Task<(Thing Thing, CreatedCertificate Certificate)> IssueCertificateAsync(
        CallSequence calls, Thing thing, CertificateOrder order, Action<CreatedCertificate> created)
    {
        var ambiguousBefore = calls.AmbiguousFailures;
        var certificate = await CertificateStore.CreateAsync(calls, order.Key.Pem);
        created(certificate);
        var isRepeated = calls.AmbiguousFailures > ambiguousBefore; // An attempt whose answer was lost has created another one.
        await CertificateStore.AttachAsync(calls, thing.Name, certificate, order.Policy);
        if (isRepeated)
            await CertificateStore.RemoveOrphansAsync(calls, order.Key.Hash, thing.Attributes.Pending!.Since);
        var attributes = thing.Attributes.MarkLeaving(entry => order.Replaces.Contains(entry.Fingerprint));
        attributes = attributes with
        {
            Phase = ThingPhase.Ready,
            Pending = null,
            Certificates = attributes.Certificates.Add(certificate.ToEntry(order.Key.Hash, order.IsCollected)),
        };
        return (await things.WriteAsync(calls, thing, attributes), certificate);
    }

    private async Task<Thing> RemoveLeavingAsync(CallSequence calls, Thing thing)
    {
        var leaving = thing.Attributes.Certificates.Where(entry => !entry.IsGood).ToList();
        if (leaving.Count == 0)
            return thing;
        foreach (var entry in leaving)
            await CertificateStore.DeactivateAsync(calls, entry.Fingerprint);
        foreach (var entry in leaving)
            await CertificateStore.RemoveAsync(calls, thing.CertificateArn(entry.Fingerprint), thing.Name);
        return await things.WriteAsync(calls, thing, thing.Attributes.With(entry => entry.IsGood ? entry : null));
    }

    private async Task<T> WithUndoAsync<T>(AwsAccount account, string name, CreationMarker marker, Func<Action<CreatedCertificate>, Task<T>> make)
    {
        CreatedCertificate? certificate = null;
        try
        {
            return await make(created => certificate = created);
        }
        catch (Exception fault)
        {
            // The caller may have canceled, but this must be undone all the same.
            using var limit = new CancellationTokenSource(UndoTimeout, account.Time);
            await UndoAsync(account.Begin(limit.Token), name, marker, certificate, limit.Token);
            if (fault is AmazonServiceException missing && missing.Is(CallErrors.NotFound))
                setup.InvalidateCache(); // A policy or group was deleted by hand; the next call creates it again.
            throw;
        }
    }

    private async Task UndoAsync(CallSequence calls, string name, CreationMarker marker, CreatedCertificate? certificate, CancellationToken cancellation)
    {
        try
        {
            var (thing, _) = await things.ReadAsync(calls, name);
            if (certificate is not null && thing?.Attributes.Find(certificate.Fingerprint) is null)
                await CertificateStore.RemoveAsync(calls, certificate.Arn, thing?.Name);
            if (thing?.Attributes.Pending?.Nonce == marker.Nonce)
                await CompletePendingAsync(calls, thing);
            else if (thing is null)
                await CertificateStore.RemoveOrphansAsync(calls, marker.KeyHash, marker.Since);
        }
        catch (Exception fault) when (CallErrors.IsCallFault(fault) || cancellation.IsCancellationRequested || fault is RegistryFailedException)
        {
            LogNotUndone(name, CallErrors.Describe(fault));
        }
    }

    [LoggerMessage(2200, LogLevel.Information, "{Thing}: completing an interrupted call at AWS IoT Core")]
    private partial void LogCompleting(string thing);

    [LoggerMessage(2201, LogLevel.Warning, "{Thing}: a failed call at AWS IoT Core is not undone yet ({Reason}); a repeated call or the next start does it")]
    private partial void LogNotUndone(string thing, string reason);
}

/// <param name="IsCollected">Whether the device has the key.</param>
/// <param name="Replaces">Fingerprints of the certificates to remove.</param>
internal sealed record CertificateOrder(ThingKeyRequest Key, bool IsCollected, string Policy, IReadOnlyCollection<string> Replaces);
