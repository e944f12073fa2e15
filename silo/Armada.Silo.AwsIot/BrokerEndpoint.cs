using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Amazon.IoT.Model;

namespace Armada.Silo.AwsIot;

/// <summary>The account's broker; looked up once.</summary>
internal sealed class BrokerEndpoint(AwsAccount account)
{
    private const string Kind = "iot:Data-ATS"; // The endpoint whose certificate Amazon's own root signed.
    private const int Port = 8883; // Fixed in the programs of the boards.

    private BrokerLocation? known;

    public async ValueTask<BrokerLocation> FindAsync(CallSequence calls)
    {
        if (known is { } place)
            return place;
        var found = await calls.AskAsync((client, token) => client.DescribeEndpointAsync(new DescribeEndpointRequest { EndpointType = Kind }, token));
        return known = new BrokerLocation([found.EndpointAddress], Port, AmazonRoot.Read(account.Settings.RootCaFile), SignsDevices: false);
    }
}

/// <summary>The authority of AWS IoT Core's certificates.</summary>
internal static class AmazonRoot
{
    // "Amazon Root CA 1", valid until 2038, as AWS publishes it.
    private const string Fingerprint = "8ECDE6884F3D87B1125BA31AC3FCB13D7016DE7F57CC904FE1CB97C6AE98196E";

    /// <summary>PEM, from a file or from this machine's store.</summary>
    /// <exception cref="RegistryFailedException">There is none.</exception>
    public static string Read(string? file) => file is null ? FromStore() : FromFile(file);

    private static string FromFile(string file)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(file));
            return certificate.ExportCertificatePem() + "\n";
        }
        catch (Exception unread) when (unread is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new RegistryFailedException($"the root certificate '{file}' cannot be read: {unread.Message}", unread);
        }
    }

    private static string FromStore()
    {
        using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine);
        store.Open(OpenFlags.ReadOnly);
        var found = store.Certificates.Find(X509FindType.FindByTimeValid, DateTime.UtcNow, validOnly: false)
            .FirstOrDefault(certificate => certificate.GetCertHashString(HashAlgorithmName.SHA256) == Fingerprint);
        return found is null
            ? throw new RegistryFailedException("this machine's store has no \"Amazon Root CA 1\": install its root certificates, or give the file with --aws-root-ca")
            : found.ExportCertificatePem() + "\n";
    }
}
