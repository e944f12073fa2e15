using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using Microsoft.Extensions.Logging;

namespace Armada.Silo.AwsIot;

/// <summary>How a silo reaches the account's broker: its TLS port, and PEM files.</summary>
public sealed record BrokerAccess(string Host, int Port, string CaFile, string CertificateFile, string KeyFile);

/// <summary>The silo's own identity at AWS IoT Core: a thing of the silo's name, with a key that stays on the silo's disk.</summary>
public static class AwsSilo
{
    /// <summary>Prefix of the names of silos, and of no device.</summary>
    public const string NamePrefix = "armada-silo";

    /// <summary>Ensures that the silo has its identity: reuses what exists and replaces what was lost.</summary>
    /// <param name="name">The silo's unique name and client id, beginning with <see cref="NamePrefix"/>.</param>
    /// <exception cref="RegistryFailedException">AWS or the disk refused; the message says why.</exception>
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
                var certificate = await IssueCertificateAsync(calls, setup, name, ThingKeyRequest.Of(name, key), logger, cancellation);
                files.Save(certificate, place.Authority);
                return new BrokerAccess(place.Hosts[0], place.Port, files.CaFile, files.CertificateFile, files.KeyFile);
            },
            cancellation);
    }

    private static async Task<string> IssueCertificateAsync(
        CallSequence calls, AccountSetup setup, string name, ThingKeyRequest key, ILogger logger, CancellationToken cancellation)
    {
        var things = new ThingStore(setup.SiloType);
        var identities = new ThingIdentities(things, setup, logger);
        var (thing, isTaken) = await things.ReadAsync(calls, name);
        if (isTaken)
            throw new RegistryFailedException($"{name} is a thing in the account that is not a silo; give this silo another name with --client-id");
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

        // The key is new, or its certificate was revoked: the earlier certificates are removed.
        order = order with { Replaces = [.. thing.Attributes.Certificates.Select(entry => entry.Fingerprint)] };
        return (await identities.AddAsync(calls, thing, order, cancellation)).Certificate.Pem;
    }
}

/// <summary>The silo's key and certificate on its disk, which the key never leaves.</summary>
internal sealed class SiloFiles(string folder)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode AnyoneElse = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>PKCS #8 PEM, readable by its owner only.</summary>
    public string KeyFile => Path.Combine(folder, "silo.key");
    public string CertificateFile => Path.Combine(folder, "silo.pem");

    /// <summary>The authority of the broker's certificate.</summary>
    public string CaFile => Path.Combine(folder, "ca.pem");

    /// <summary>Creates a new key if there is none, or if it is damaged.</summary>
    /// <exception cref="RegistryFailedException">The disk refused, or others may access the key.</exception>
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
            throw new RegistryFailedException($"the silo's key cannot be stored in '{folder}': {refused.Message}", refused);
        }
    }

    /// <exception cref="RegistryFailedException"/>
    public void Save(string certificate, string authority)
    {
        try
        {
            Write(CertificateFile, certificate, OwnerOnly);
            Write(CaFile, authority, OwnerOnly);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new RegistryFailedException($"the silo's certificate cannot be stored in '{folder}': {refused.Message}", refused);
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
            throw new RegistryFailedException($"'{KeyFile}' may be accessed by others: chmod 600 '{KeyFile}', or delete it if somebody else may have read it");
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(KeyFile));
            return key;
        }
        catch (Exception damaged) when (damaged is CryptographicException or ArgumentException)
        {
            key.Dispose();
            return null; // A new key and certificate serve as well.
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
        File.Delete(temporary); // An existing file would keep its mode.
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
