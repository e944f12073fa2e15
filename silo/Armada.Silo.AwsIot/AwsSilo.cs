using System.Security.Cryptography;
using System.Text;
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
public sealed record BrokerAccess(string Host, int Port, string CaFile, string CertificateFile, string KeyFile);

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
    public static Task<BrokerAccess> PrepareAsync(
        AwsIotSettings settings, string name, string folder, TimeProvider time, ILogger logger, CancellationToken cancellation) =>
        PrepareAsync(settings, null, name, folder, time, logger, cancellation);

    internal static async Task<BrokerAccess> PrepareAsync(
        AwsIotSettings settings, AWSCredentials? credentials, string name, string folder, TimeProvider time, ILogger logger, CancellationToken cancellation)
    {
        if (!name.StartsWith(NamePrefix, StringComparison.Ordinal))
            throw new ArgumentException($"'{name}' does not begin with {NamePrefix}", nameof(name));
        return await CallErrors.TranslateFaultsAsync(
            $"the identity of {name}",
            async () =>
            {
                using var account = new AwsAccount(settings, time, credentials);
                using var setup = new AccountSetup(settings);
                var calls = account.Begin(cancellation);
                var place = await new BrokerEndpoint(account).FindAsync(calls);
                var files = new SiloFiles(folder);
                using var key = files.LoadOrCreateKey();
                var certificate = await IssueCertificateAsync(calls, setup, name, KeyRequest.Of(name, key), logger, cancellation);
                files.Save(certificate, place.Authority);
                return new BrokerAccess(place.Host, place.Port, files.CaFile, files.CertificateFile, files.KeyFile);
            },
            cancellation);
    }

    private static async Task<string> IssueCertificateAsync(
        CallSequence calls, AccountSetup setup, string name, KeyRequest key, ILogger logger, CancellationToken cancellation)
    {
        var things = new ThingStore(setup.SiloType);
        var identities = new ThingIdentities(things, setup, logger);
        var (thing, isTaken) = await things.ReadAsync(calls, name);
        if (isTaken)
            throw new RegistryFailedException($"{name} is a thing in the account that is no silo; give this silo another name with --client-id");
        if (thing is not null)
            thing = await identities.CompletePendingAsync(calls, thing);
        var order = new CertificateOrder(key, IsCollected: true, setup.Policies.Silo, []);
        await setup.EnsureAsync(calls, things.Type, setup.Policies.Silo, null, cancellation);
        if (thing is null)
            return (await identities.CreateAsync(calls, name, Tags.OfSilo(calls.Account.Time.GetUtcNow()), order, cancellation)).Certificate.Pem;
        foreach (var entry in thing.Attributes.Certificates.Where(one => one.KeyHash == key.Hash))
        {
            if (await CertificateStore.IsActiveAsync(calls, entry.Fingerprint) && await CertificateStore.FetchAsync(calls, entry.Fingerprint) is { } pem)
                return pem;
        }

        // The key is another one, or somebody took its certificate back: all that were before go.
        order = order with { Replaces = [.. thing.Attributes.Certificates.Select(entry => entry.Fingerprint)] };
        return (await identities.AddAsync(calls, thing, order, cancellation)).Certificate.Pem;
    }
}

/// <summary>The silo's key and certificate on its disk. The key never leaves it.</summary>
internal sealed class SiloFiles(string folder)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode AnyoneElse = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>The private key, PKCS #8 PEM; its owner alone may read it.</summary>
    public string KeyFile => Path.Combine(folder, "silo.key");

    /// <summary>The certificate, PEM.</summary>
    public string CertificateFile => Path.Combine(folder, "silo.pem");

    /// <summary>The authority of the broker's certificate, PEM.</summary>
    public string CaFile => Path.Combine(folder, "ca.pem");

    /// <summary>The key; a new one where there is none that can be read.</summary>
    /// <exception cref="RegistryFailedException">The disk refused, or others may read the key.</exception>
    public ECDsa LoadOrCreateKey()
    {
        try
        {
            if (!Directory.Exists(folder))
                CreateFolder();
            return Load() ?? Make();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new RegistryFailedException($"the silo's key cannot be kept in '{folder}': {refused.Message}", refused);
        }
    }

    /// <summary>Puts certificate and authority beside the key.</summary>
    /// <exception cref="RegistryFailedException">The disk refused.</exception>
    public void Save(string certificate, string authority)
    {
        try
        {
            Write(CertificateFile, certificate, OwnerOnly);
            Write(CaFile, authority, OwnerOnly);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new RegistryFailedException($"the silo's certificate cannot be kept in '{folder}': {refused.Message}", refused);
        }
    }

    private void CreateFolder()
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
    }

    private ECDsa? Load()
    {
        if (!File.Exists(KeyFile))
            return null;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(KeyFile) & AnyoneElse) != 0)
            throw new RegistryFailedException($"'{KeyFile}' must be for its owner alone: chmod 600 '{KeyFile}', or delete it if somebody else may have read it");
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(KeyFile));
            return key;
        }
        catch (Exception damaged) when (damaged is CryptographicException or ArgumentException)
        {
            key.Dispose();
            return null; // Another key, and another certificate for it, do as well.
        }
    }

    private ECDsa Make()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Write(KeyFile, key.ExportPkcs8PrivateKeyPem() + "\n", OwnerOnly);
        return key;
    }

    private static void Write(string path, string text, UnixFileMode mode)
    {
        var temporary = path + ".tmp";
        File.Delete(temporary); // One that is left over keeps its own mode.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        using (var file = new FileStream(temporary, options))
        {
            file.Write(Encoding.ASCII.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
