using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Armada.Silo.Store;

namespace Armada.Silo.Identities;

/// <summary>
/// The folder <c>authority</c> of the silo's data: certificate, key and revocations. It is made as a whole, so that a start that is
/// cut leaves none or all of it, and a file that is missing later is always a loss.
/// </summary>
internal sealed class AuthorityFolder(DataFolder data)
{
    /// <summary>The owner alone reads and writes.</summary>
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Where it is.</summary>
    public string Path { get; } = System.IO.Path.Combine(data.Path, "authority");

    /// <summary>The authority's certificate, PEM.</summary>
    public string CertificateFile => System.IO.Path.Combine(Path, "ca.pem");

    /// <summary>The authority's key, PKCS #8 PEM; nobody but the silo's user may have any access.</summary>
    public string KeyFile => System.IO.Path.Combine(Path, "ca.key");

    /// <summary>The serial numbers that are revoked; the truth of which the list is made.</summary>
    public string RevokedFile => System.IO.Path.Combine(Path, "revoked.json");

    /// <summary>The signed list, PEM, as a broker reads it.</summary>
    public string ListFile => System.IO.Path.Combine(Path, "crl.pem");

    /// <summary>Whether there is one. An empty folder, as a mount may leave, is none.</summary>
    public bool Exists => Directory.Exists(Path) && Directory.EnumerateFileSystemEntries(Path).Any();

    private string Staging => Path + DurableFile.TemporaryEnding;

    /// <summary>Makes the folder with all it needs, durably.</summary>
    /// <exception cref="IOException">The disk refused; there is no folder.</exception>
    public void Make(X509Certificate2 certificate, ECDsa key)
    {
        foreach (var _ in Steps(certificate, key))
        {
        }
    }

    /// <summary>The steps of <see cref="Make"/>, one at a time, by name.</summary>
    internal IEnumerable<string> Steps(X509Certificate2 certificate, ECDsa key)
    {
        if (Directory.Exists(Staging))
            Directory.Delete(Staging, recursive: true);
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(Staging);
        else
            Directory.CreateDirectory(Staging, OwnerOnly | UnixFileMode.UserExecute);
        yield return "folder made";
        var revoked = JsonSerializer.SerializeToUtf8Bytes(StoredRevocations.None, RevocationJson.Default.StoredRevocations);
        (string File, byte[] Content, UnixFileMode? Mode)[] files =
        [
            (KeyFile, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"), OwnerOnly),
            (CertificateFile, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"), null),
            (RevokedFile, revoked, null),
        ];
        foreach (var (file, content, mode) in files)
        {
            var name = System.IO.Path.GetFileName(file);
            foreach (var step in DurableFile.Steps(System.IO.Path.Combine(Staging, name), content, mode))
                yield return $"{name} {step}";
        }

        if (Directory.Exists(Path))
            Directory.Delete(Path); // An empty one.
        Directory.Move(Staging, Path);
        yield return "folder in place";
        DurableFile.FlushFolder(System.IO.Path.GetDirectoryName(Path)!);
        yield return "folder flushed";
    }
}
