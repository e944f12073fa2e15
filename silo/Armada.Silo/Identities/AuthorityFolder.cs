using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Armada.Silo.Options;
using Armada.Silo.Store;

namespace Armada.Silo.Identities;

/// <summary>
/// An authority's certificate and key, in a folder of the silo's data or of a mounted secret. It is created atomically, so that a file that
/// is missing later was lost.
/// </summary>
internal sealed class AuthorityFolder(string path)
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>PEM.</summary>
    public string CertificateFile => System.IO.Path.Combine(Path, "ca.pem");

    /// <summary>PKCS #8 PEM; only the silo's user may have access.</summary>
    public string KeyFile => System.IO.Path.Combine(Path, "ca.key");
    public bool Exists => Directory.Exists(Path) && Directory.EnumerateFileSystemEntries(Path).Any();
    private string Staging => Path + DurableFile.TemporaryEnding;

    /// <exception cref="IOException">There is no folder.</exception>
    public void Make(X509Certificate2 certificate, ECDsa key)
    {
        foreach (var _ in Steps(certificate, key))
        {
        }
    }

    internal IEnumerable<string> Steps(X509Certificate2 certificate, ECDsa key)
    {
        if (Directory.Exists(Staging))
            Directory.Delete(Staging, recursive: true);
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(Staging);
        else
            Directory.CreateDirectory(Staging, OwnerOnly | UnixFileMode.UserExecute);
        yield return "folder made";
        (string File, byte[] Content, UnixFileMode? Mode)[] files =
        [
            (KeyFile, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"), OwnerOnly),
            (CertificateFile, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"), null),
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

/// <summary>Loads an existing authority, and refuses one that cannot be trusted.</summary>
internal static class AuthorityLoader
{
    private const int MaxFileBytes = 64 * 1024; // Both files have less than 1,000 bytes.

    /// <exception cref="SiloOptionsException">A file is missing, damaged, foreign or expired, or others may read the key.</exception>
    public static (X509Certificate2 Certificate, ECDsa Key) Load(AuthorityFolder folder, DateTimeOffset now)
    {
        var certificate = ReadCertificate(folder);
        var key = ReadKey(folder);
        try
        {
            return FindProblem(certificate, key, now) is { } fault ? throw Refused(folder, fault) : (certificate, key);
        }
        catch (CryptographicException)
        {
            throw Refused(folder, "ca.pem and ca.key are of a kind that the silo never creates");
        }
    }

    public static SiloOptionsException Refused(AuthorityFolder folder, string fault) => new(
        $"The device authority in '{folder.Path}' cannot be used: {fault}. Restore the folder from its backup; "
        + "without one, move it away, and every device needs a new certificate.");

    private static X509Certificate2 ReadCertificate(AuthorityFolder folder)
    {
        var text = Read(folder, folder.CertificateFile);
        try
        {
            return X509Certificate2.CreateFromPem(text);
        }
        catch (CryptographicException)
        {
            throw Refused(folder, "ca.pem is damaged");
        }
    }

    private static ECDsa ReadKey(AuthorityFolder folder)
    {
        if (File.Exists(folder.KeyFile) && SecretFile.IsOpenToOthers(folder.KeyFile))
        {
            throw new SiloOptionsException(
                $"'{folder.KeyFile}' may be accessed by others: chmod 600 '{folder.KeyFile}', or mount it read-only as a secret. "
                + "If somebody else may have read it, move the folder away; every device then needs a new certificate.");
        }

        var text = Read(folder, folder.KeyFile);
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(text);
            return key;
        }
        catch (Exception damaged) when (damaged is CryptographicException or ArgumentException)
        {
            throw Refused(folder, "ca.key is damaged"); // Without the parser's message, which is about a key.
        }
    }

    private static string Read(AuthorityFolder folder, string file)
    {
        var name = Path.GetFileName(file);
        try
        {
            var about = new FileInfo(file);
            if (!about.Exists)
                throw Refused(folder, $"{name} is missing");
            if (about.Length > MaxFileBytes)
                throw Refused(folder, $"{name} is damaged");
            return File.ReadAllText(file);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new SiloOptionsException($"'{file}' cannot be read: {unreadable.Message} Let the silo's user read it.", unreadable);
        }
    }

    private static string? FindProblem(X509Certificate2 certificate, ECDsa key, DateTimeOffset now)
    {
        if (!P256.IsOnCurve(key))
            return "ca.key is not a key on P-256";
        using var certified = certificate.GetECDsaPublicKey();
        if (certified is null || !P256.IsOnCurve(certified) || !Matches(key, certified))
            return "ca.key is not the key of ca.pem";
        if (!IsAuthority(certificate) || !IsSelfSigned(certificate, certified))
            return "ca.pem is not an authority that the silo created";
        return now >= certificate.NotAfter ? $"it expired on {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}" : null;
    }

    private static bool Matches(ECDsa key, ECDsa certified)
    {
        byte[] probe = [1];
        try
        {
            return certified.VerifyData(probe, key.SignData(probe, HashAlgorithmName.SHA256), HashAlgorithmName.SHA256);
        }
        catch (CryptographicException)
        {
            return false; // It has no private part.
        }
    }

    private static bool IsAuthority(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is { CertificateAuthority: true }
        && certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } use
        && use.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign)
        && certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Count() == 1;

    private static bool IsSelfSigned(X509Certificate2 certificate, ECDsa key)
    {
        try
        {
            return certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData)
                && DerSignature.IsSignedBy(certificate.RawDataMemory, key);
        }
        catch (AsnContentException)
        {
            return false;
        }
    }
}
