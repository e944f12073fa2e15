using Amazon.Runtime;
using Armada.Core.Devices;
using Armada.Silo.AwsIot.Broker;
using Armada.Silo.AwsIot.Calls;
using Armada.Silo.AwsIot.Certificates;
using Armada.Silo.AwsIot.Things;
using Microsoft.Extensions.Logging;

namespace Armada.Silo.AwsIot;

/// <summary>How a silo reaches the account's broker; PEM files.</summary>
/// <param name="Host">The broker.</param>
/// <param name="Port">Its TLS port.</param>
/// <param name="CaFile">The authority of its certificate.</param>
/// <param name="CertificateFile">The silo's certificate.</param>
/// <param name="KeyFile">The silo's private key.</param>
public sealed record SiloPlace(string Host, int Port, string CaFile, string CertificateFile, string KeyFile);

/// <summary>The silo's own identity at AWS IoT Core: a thing of the silo's name, with a key that stays on the silo's disk.</summary>
public static class AwsSilo
{
    /// <summary>Names of silos begin with it; no device has such a name.</summary>
    public const string NamePrefix = "armada-silo";

    /// <summary>Makes sure that the silo has its identity; what is there already is used again, and what was lost is replaced.</summary>
    /// <param name="settings">The account.</param>
    /// <param name="name">The silo's name and client id, beginning with <see cref="NamePrefix"/>; no two silos have the same.</param>
    /// <param name="folder">Where key and certificate are kept.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where to report.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="RegistryFailedException">It cannot be done now; the message says why.</exception>
    public static Task<SiloPlace> PrepareAsync(
        AwsIotSettings settings, string name, string folder, TimeProvider time, ILogger logger, CancellationToken cancellation) =>
        PrepareAsync(settings, null, name, folder, time, logger, cancellation);

    /// <inheritdoc cref="PrepareAsync(AwsIotSettings, string, string, TimeProvider, ILogger, CancellationToken)"/>
    internal static async Task<SiloPlace> PrepareAsync(
        AwsIotSettings settings, AWSCredentials? credentials, string name, string folder, TimeProvider time, ILogger logger, CancellationToken cancellation)
    {
        if (!name.StartsWith(NamePrefix, StringComparison.Ordinal))
            throw new ArgumentException($"'{name}' does not begin with {NamePrefix}", nameof(name));
        return await CallFaults.InWordsAsync(
            $"the identity of {name}",
            async () =>
            {
                using var account = new AwsAccount(settings, time, credentials);
                using var foundations = new AccountSetup(settings);
                var run = account.Begin(cancellation);
                var place = await new BrokerEndpoint(account).FindAsync(run);
                var files = new SiloFiles(folder);
                using var key = files.Key();
                var certificate = await CertifyAsync(run, foundations, name, KeyRequest.Of(name, key), logger, cancellation);
                files.Put(certificate, place.Authority);
                return new SiloPlace(place.Host, place.Port, files.CaFile, files.CertificateFile, files.KeyFile);
            },
            cancellation);
    }

    private static async Task<string> CertifyAsync(
        CallRun run, AccountSetup foundations, string name, KeyRequest key, ILogger logger, CancellationToken cancellation)
    {
        var things = new ThingStore(foundations.SiloType);
        var identities = new ThingIdentities(things, foundations, logger);
        var (thing, isTaken) = await things.ReadAsync(run, name);
        if (isTaken)
            throw new RegistryFailedException($"{name} is a thing in the account that is no silo; give this silo another name with --client-id");
        if (thing is not null)
            thing = await identities.SettleAsync(run, thing);
        var order = new CertificateOrder(key, IsCollected: true, foundations.Policies.Silo, []);
        await foundations.EnsureAsync(run, things.Type, foundations.Policies.Silo, null, cancellation);
        if (thing is null)
            return (await identities.MakeAsync(run, name, Labels.OfSilo(run.Account.Time.GetUtcNow()), order, cancellation)).Certificate.Pem;
        foreach (var note in thing.Note.Certificates.Where(note => note.KeyHash == key.Hash))
        {
            if (await CertificateStore.IsActiveAsync(run, note.Fingerprint) && await CertificateStore.FetchAsync(run, note.Fingerprint) is { } pem)
                return pem;
        }

        // The key is another one, or somebody took its certificate back: all that were before go.
        order = order with { Replaces = [.. thing.Note.Certificates.Select(note => note.Fingerprint)] };
        return (await identities.AddAsync(run, thing, order, cancellation)).Certificate.Pem;
    }
}
