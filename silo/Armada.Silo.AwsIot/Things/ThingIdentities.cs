using Amazon.IoT.Model;
using Amazon.Runtime;
using Armada.Silo.AwsIot.Calls;
using Armada.Silo.AwsIot.Certificates;
using Microsoft.Extensions.Logging;

namespace Armada.Silo.AwsIot.Things;

/// <summary>
/// Gives things certificates and takes them back. What is begun is written on the thing first, so that a repeated call, a deletion or the
/// next start completes or undoes it.
/// </summary>
internal sealed partial class ThingIdentities(ThingStore things, AccountSetup foundations, ILogger logger)
{
    private static readonly TimeSpan RollBackWithin = TimeSpan.FromSeconds(20);

    public async Task<(Thing Thing, MadeCertificate Certificate)> MakeAsync(
        CallRun run, string name, IReadOnlyDictionary<string, string> labels, CertificateOrder order, CancellationToken cancellation)
    {
        var mark = CreationMarker.New(order.Key.Hash, run.Account.Time.GetUtcNow());
        var note = ThingAttributes.Of(labels, mark);
        await foundations.EnsureAsync(run, things.Type, order.Policy, Labels.SiteOf(note), cancellation);
        return await OrUndoneAsync(run.Account, name, mark, async made =>
        {
            var thing = await things.CreateAsync(run, name, note);
            if (Labels.SiteOf(note) is { } site)
            {
                await run.AskAsync((client, token) => client.AddThingToThingGroupAsync(
                    new AddThingToThingGroupRequest { ThingGroupName = foundations.GroupOf(site), ThingName = name }, token));
            }

            return await CertifyAsync(run, thing, order, made);
        });
    }

    public async Task<(Thing Thing, MadeCertificate Certificate)> AddAsync(CallRun run, Thing thing, CertificateOrder order, CancellationToken cancellation)
    {
        await foundations.EnsureAsync(run, things.Type, order.Policy, null, cancellation);
        var mark = CreationMarker.New(order.Key.Hash, run.Account.Time.GetUtcNow());
        var (with, certificate) = await OrUndoneAsync(run.Account, thing.Name, mark, async made =>
            await CertifyAsync(run, await things.WriteAsync(run, thing, thing.Note with { Making = mark }), order, made));
        return (await RetireLeavingAsync(run, with), certificate);
    }

    public async Task<Thing> RetireAsync(CallRun run, Thing thing, ThingAttributes changed)
    {
        if (changed.Equals(thing.Note))
            return thing;
        return await RetireLeavingAsync(run, await things.WriteAsync(run, thing, changed));
    }

    public async Task DeleteAsync(CallRun run, Thing thing)
    {
        if (thing.Note.Phase != ThingPhase.Leaving)
            thing = await things.WriteAsync(run, thing, thing.Note with { Phase = ThingPhase.Leaving });
        foreach (var note in thing.Note.Certificates)
            await CertificateStore.DeactivateAsync(run, note.Fingerprint);
        if (thing.Note.Making is { } mark)
            await UndoMakingAsync(run, thing, mark);
        foreach (var note in thing.Note.Certificates)
            await CertificateStore.RemoveAsync(run, thing.CertificateArn(note.Fingerprint), thing.Name);
        foreach (var other in await CertificateStore.PrincipalsOfAsync(run, thing.Name))
            await CertificateStore.DetachAsync(run, other, thing.Name);
        if (Labels.SiteOf(thing.Note) is { } site)
        {
            await run.TryAsync(
                (client, token) => client.RemoveThingFromThingGroupAsync(
                    new RemoveThingFromThingGroupRequest { ThingGroupName = foundations.GroupOf(site), ThingName = thing.Name }, token),
                CallFaults.NotFound);
        }

        await ThingStore.DeleteAsync(run, thing.Name);
    }

    public async Task<Thing?> SettleAsync(CallRun run, Thing thing)
    {
        if (!thing.Note.IsOpen)
            return thing;
        LogSettling(thing.Name);
        if (thing.Note.Phase != ThingPhase.Ready)
        {
            await DeleteAsync(run, thing);
            return null;
        }

        if (thing.Note.Making is { } mark)
        {
            await UndoMakingAsync(run, thing, mark);
            thing = await things.WriteAsync(run, thing, thing.Note with { Making = null });
        }

        return await RetireLeavingAsync(run, thing);
    }

    private static async Task UndoMakingAsync(CallRun run, Thing thing, CreationMarker mark)
    {
        foreach (var arn in await CertificateStore.PrincipalsOfAsync(run, thing.Name))
        {
            // One that somebody attached by hand has another key.
            if (thing.Note.Find(CertificateStore.FingerprintOf(arn)) is null
                && await CertificateStore.FetchAsync(run, CertificateStore.FingerprintOf(arn)) is { } pem && KeyHash.OfCertificate(pem) == mark.KeyHash)
            {
                await CertificateStore.RemoveAsync(run, arn, thing.Name);
            }
        }

        await CertificateStore.RemoveStraysAsync(run, mark);
    }

    private async Task<(Thing Thing, MadeCertificate Certificate)> CertifyAsync(
        CallRun run, Thing thing, CertificateOrder order, Action<MadeCertificate> made)
    {
        var doubts = run.Doubts;
        var certificate = await CertificateStore.CreateAsync(run, order.Key.Pem);
        made(certificate);
        var isRepeated = run.Doubts > doubts; // A try whose answer was lost has made another one.
        await CertificateStore.AttachAsync(run, thing.Name, certificate, order.Policy);
        if (isRepeated)
            await CertificateStore.RemoveStraysAsync(run, thing.Note.Making!);
        var note = thing.Note.Leave(entry => order.Replaces.Contains(entry.Fingerprint));
        note = note with
        {
            Phase = ThingPhase.Ready,
            Making = null,
            Certificates = note.Certificates.Add(certificate.Note(order.Key.Hash, order.IsCollected)),
        };
        return (await things.WriteAsync(run, thing, note), certificate);
    }

    private async Task<Thing> RetireLeavingAsync(CallRun run, Thing thing)
    {
        var leaving = thing.Note.Certificates.Where(note => !note.IsGood).ToList();
        if (leaving.Count == 0)
            return thing;
        foreach (var note in leaving)
            await CertificateStore.DeactivateAsync(run, note.Fingerprint);
        foreach (var note in leaving)
            await CertificateStore.RemoveAsync(run, thing.CertificateArn(note.Fingerprint), thing.Name);
        return await things.WriteAsync(run, thing, thing.Note.With(note => note.IsGood ? note : null));
    }

    private async Task<T> OrUndoneAsync<T>(AwsAccount account, string name, CreationMarker mark, Func<Action<MadeCertificate>, Task<T>> make)
    {
        MadeCertificate? certificate = null;
        try
        {
            return await make(made => certificate = made);
        }
        catch (Exception fault)
        {
            // The caller may be gone, and what was begun must be undone all the same.
            using var limit = new CancellationTokenSource(RollBackWithin, account.Time);
            await UndoAsync(account.Begin(limit.Token), name, mark, certificate, limit.Token);
            if (fault is AmazonServiceException missing && missing.Is(CallFaults.NotFound))
                foundations.Forget(); // A policy or group was deleted by hand; the next call makes it again.
            throw;
        }
    }

    private async Task UndoAsync(CallRun run, string name, CreationMarker mark, MadeCertificate? certificate, CancellationToken cancellation)
    {
        try
        {
            var (thing, _) = await things.ReadAsync(run, name);
            if (certificate is not null && thing?.Note.Find(certificate.Fingerprint) is null)
                await CertificateStore.RemoveAsync(run, certificate.Arn, thing?.Name);
            if (thing?.Note.Making?.Nonce == mark.Nonce)
                await SettleAsync(run, thing);
            else if (thing is null)
                await CertificateStore.RemoveStraysAsync(run, mark);
        }
        catch (Exception fault) when (CallFaults.IsOfCall(fault) || cancellation.IsCancellationRequested || fault is RegistryFailedException)
        {
            LogNotUndone(name, CallFaults.Words(fault));
        }
    }

    [LoggerMessage(2200, LogLevel.Information, "{Thing}: completing what an earlier call at AWS IoT Core did not end")]
    private partial void LogSettling(string thing);

    [LoggerMessage(2201, LogLevel.Warning, "{Thing}: what a failed call at AWS IoT Core began is not undone yet ({Words}); a repeated call or the next start does it")]
    private partial void LogNotUndone(string thing, string words);
}

/// <summary>What certificate a thing is to have.</summary>
internal sealed record CertificateOrder(KeyRequest Key, bool IsCollected, string Policy, IReadOnlyCollection<string> Replaces);
