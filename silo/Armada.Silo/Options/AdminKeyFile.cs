using Armada.Silo.Access.Keys;
using Armada.Silo.Store;

namespace Armada.Silo.Options;

/// <summary>The first admin key, which containers are given as a file.</summary>
internal static class AdminKeyFile
{
    private const int MinSecretLength = 32;
    private const int MaxFileLength = 256;

    public static ApiKey? Read(SiloConfiguration settings)
    {
        if (settings.Text(Settings.AdminKeyFile) is not { } file)
            return null;
        try
        {
            if (SecretFile.IsOpenToOthers(file))
                settings.Refuse(Settings.AdminKeyFile, $"can be read by others: chmod 600 '{file}', or mount it read-only as a secret");
            else if (new FileInfo(file).Length <= MaxFileLength && KeySecret.TryRead(File.ReadAllText(file).Trim(), out var id, out var hash, MinSecretLength) && KeySecret.IsId(id))
                return new ApiKey(id, "admin", Role.Admin, hash, TimeProvider.System.GetUtcNow(), null, null, null);
            else
                settings.Refuse(Settings.AdminKeyFile, "must hold armada_<12 hexadecimal digits>_<secret of 32 to 100 letters and digits>, such as "
                    + "printf 'armada_%s_%s' $(openssl rand -hex 6) $(openssl rand -hex 32) makes");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            settings.Refuse(Settings.AdminKeyFile, $"cannot be read: {refused.Message}");
        }

        return null;
    }
}
