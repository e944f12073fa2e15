using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Armada.EdgeAgent.Identities;

namespace Armada.EdgeAgent.Enrollment;

/// <summary>The files of one enrollment: the key before the silo is asked, the rest after it answered.</summary>
internal sealed class EnrolledFiles(EnrollmentOptions options)
{
    private bool isMadeNow;

    public string Authority { get; } = Path.Combine(options.Folder, "ca.pem");

    /// <summary>Where the key of a device is whose name is not known yet. Another token's is another file.</summary>
    private string NamelessKey { get; } = Path.Combine(
        options.Folder, $"enrollment-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(options.Token)).AsSpan(0, 4))}.key");

    public CredentialFiles PairOf(string name) => new(Path.Combine(options.Folder, $"{name}.pem"), KeyOf(name));

    /// <summary>The key of an earlier call that came to nothing, or a new one, durably kept.</summary>
    /// <exception cref="ConfigurationException">The folder cannot be used, or the key there is of another kind.</exception>
    public DeviceKey Key()
    {
        MakeFolder();
        var file = options.Name is { } name ? KeyOf(name) : NamelessKey;
        if (options.Name is not null)
            PairOf(options.Name).Recover();
        if (File.Exists(file))
        {
            return DeviceKey.TryRead(File.ReadAllText(file))
                ?? throw new ConfigurationException($"'{file}' is not a key that this device can use (EC on P-256, PEM, not encrypted); move it away");
        }

        var key = DeviceKey.Make();
        DurableFile.Write(file, Encoding.ASCII.GetBytes(key.Pem()));
        isMadeNow = true;
        return key;
    }

    /// <summary>Removes a key of this call that nobody will ask for: its token is refused, and it has no name.</summary>
    public void Forget()
    {
        if (isMadeNow && options.Name is null)
            DurableFile.Delete(NamelessKey);
    }

    /// <summary>Refuses authorities of which none is one of the devices' that are there already. While one is being replaced there are two.</summary>
    /// <exception cref="ConfigurationException">They are all others.</exception>
    public void CheckAuthority(X509Certificate2Collection authority)
    {
        if (!File.Exists(Authority))
            return;
        var present = CertificateCheck.Authorities(File.ReadAllText(Authority));
        if (!present.Select(Raw).Intersect(authority.Select(Raw)).Any())
        {
            throw new ConfigurationException(
                $"'{Authority}' is another authority than this silo's; use another --folder, or move the old files away");
        }

        static string Raw(X509Certificate2 certificate) => Convert.ToHexString(certificate.RawDataMemory.Span);
    }

    public void Store(string name, string certificate, X509Certificate2Collection authority, DeviceKey key)
    {
        var trusted = authority.ExportCertificatePems() + "\n";
        if (!File.Exists(Authority) || File.ReadAllText(Authority) != trusted)
            DurableFile.Write(Authority, Encoding.ASCII.GetBytes(trusted));
        var pair = PairOf(name);
        pair.Recover();
        if (options.Name is null)
            pair.StorePendingKey(key);
        pair.Store(certificate);
        if (options.Name is null)
            DurableFile.Delete(NamelessKey);
    }

    private string KeyOf(string name) => Path.Combine(options.Folder, $"{name}.key");

    private void MakeFolder()
    {
        const UnixFileMode mode = DurableFile.OwnerOnly | UnixFileMode.UserExecute;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(options.Folder);
        else
            Directory.CreateDirectory(options.Folder, mode);
    }
}
