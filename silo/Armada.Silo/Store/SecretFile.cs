namespace Armada.Silo.Store;

internal static class SecretFile
{
    private const string Mounts = "/proc/self/mountinfo"; // On Linux.

    private const UnixFileMode AnyoneElse = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Whether anyone but its owner may access a file that is not mounted as a secret; Windows has no such modes.</summary>
    /// <exception cref="IOException">The file does not exist.</exception>
    public static bool IsOpenToOthers(string path) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & AnyoneElse) != 0
        && !(File.Exists(Mounts) && IsOnReadOnlyMount(path, File.ReadLines(Mounts)));

    /// <summary>Whether the mount that a file is on is read-only, as those of secrets are, whose files have mode 0444.</summary>
    /// <param name="mounts">Lines of /proc/self/mountinfo (proc(5)): id, parent, device, root, mount point, options; blanks as \040.</param>
    internal static bool IsOnReadOnlyMount(string file, IEnumerable<string> mounts)
    {
        var path = Path.GetFullPath(file);
        var mount = mounts.Select(line => line.Split(' '))
            .Where(fields => fields.Length > 5 && IsUnder(path, fields[4].Replace("\\040", " ", StringComparison.Ordinal)))
            .OrderBy(fields => fields[4].Length)
            .LastOrDefault();
        return mount?[5].Split(',').Contains("ro") == true;
    }

    private static bool IsUnder(string path, string folder) =>
        path == folder || path.StartsWith(folder.EndsWith('/') ? folder : folder + '/', StringComparison.Ordinal);
}
