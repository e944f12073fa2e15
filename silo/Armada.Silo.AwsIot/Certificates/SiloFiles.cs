using System.Security.Cryptography;
using System.Text;
using Armada.Core.Devices;

namespace Armada.Silo.AwsIot.Certificates;

/// <summary>The silo's key and certificate on its disk. The key never leaves it.</summary>
/// <param name="folder">Where they are; made where it is missing.</param>
internal sealed class SiloFiles(string folder)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>The private key, PKCS #8 PEM; its owner alone may read it.</summary>
    public string KeyFile => Path.Combine(folder, "silo.key");

    /// <summary>The certificate, PEM.</summary>
    public string CertificateFile => Path.Combine(folder, "silo.pem");

    /// <summary>The authority of the broker's certificate, PEM.</summary>
    public string CaFile => Path.Combine(folder, "ca.pem");

    /// <summary>The key; a new one where there is none that can be read.</summary>
    /// <exception cref="RegistryFailedException">The disk refused, or others may read the key.</exception>
    public ECDsa Key()
    {
        try
        {
            if (!Directory.Exists(folder))
                MakeFolder();
            return Load() ?? Make();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new RegistryFailedException($"the silo's key cannot be kept in '{folder}': {refused.Message}", refused);
        }
    }

    /// <summary>Puts certificate and authority beside the key.</summary>
    /// <exception cref="RegistryFailedException">The disk refused.</exception>
    public void Put(string certificate, string authority)
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

    private void MakeFolder()
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
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(KeyFile) & Others) != 0)
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
