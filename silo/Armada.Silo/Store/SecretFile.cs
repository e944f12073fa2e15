namespace Armada.Silo.Store;

internal static class SecretFile
{
    private const UnixFileMode AnyoneElse = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Whether anyone but its owner may access a file; Windows has no such modes.</summary>
    /// <exception cref="IOException">The file does not exist.</exception>
    public static bool IsOpenToOthers(string path) => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & AnyoneElse) != 0;
}
