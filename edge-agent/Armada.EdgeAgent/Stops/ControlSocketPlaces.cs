using System.Runtime.InteropServices;

namespace Armada.EdgeAgent.Stops;

/// <summary>Where agents of this machine listen unless they are configured otherwise. No variable of the environment has a say in it, so
/// that whoever asks looks where an agent listens.</summary>
/// <param name="Run">The system's runtime folder.</param>
/// <param name="Temp">The folder in which everybody may create files.</param>
/// <param name="User">Effective user id of this process.</param>
internal sealed partial record ControlSocketPlaces(string Run, string Temp, uint User)
{
    private const string Product = "armada-edge";
    private const string File = "agent.sock";

    public static ControlSocketPlaces OfMachine =>
        OperatingSystem.IsWindows() ? new(Path.GetTempPath(), Path.GetTempPath(), 0) : new("/run", "/tmp", EffectiveUser());

    /// <summary>The service's folder, which its service manager or root creates: its socket is for its group too.</summary>
    private string Service => Path.Combine(Run, Product);

    private string Users => Path.Combine(Run, "user");

    /// <summary>Where an agent of this user listens: the first place that it can use.</summary>
    /// <exception cref="ConfigurationException">There is none.</exception>
    public ControlSocketPlace FindOwn()
    {
        if (CanUse(Service, UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute))
            return new ControlSocketPlace(Path.Combine(Service, File), IsForGroup: true);
        var mine = Path.Combine(Users, $"{User}");
        string[] own = [Path.Combine(mine, Product), Path.Combine(Temp, $"{Product}-{User}")];
        var folder = own.FirstOrDefault(folder => (!folder.StartsWith(mine, StringComparison.Ordinal) || Directory.Exists(mine)) && CanUse(folder, UnixFileMode.None))
            ?? throw new ConfigurationException($"{own[^1]}: no control socket can be made there, for another user has the folder; set control_socket to another path");
        return new ControlSocketPlace(Path.Combine(folder, File), User);
    }

    /// <summary>Every place where an agent may listen that this user may stop.</summary>
    public IEnumerable<ControlSocketPlace> All() =>
        Of(null, Service)
            .Concat(FoldersIn(Users, "*").SelectMany(folder => Of(UserIn(folder), Path.Combine(folder, Product))))
            .Concat(FoldersIn(Temp, $"{Product}-*").SelectMany(folder => Of(UserIn(folder), folder)));

    private IEnumerable<ControlSocketPlace> Of(uint? owner, string folder)
    {
        var path = Path.Combine(folder, File);
        // What another user offers is no agent for anybody but root.
        if ((owner is null || owner == User || User == 0) && System.IO.File.Exists(path))
            yield return new ControlSocketPlace(path, owner);
    }

    private static IEnumerable<string> FoldersIn(string folder, string pattern) =>
        Directory.Exists(folder) ? Directory.EnumerateDirectories(folder, pattern) : [];

    private static uint UserIn(string folder) => uint.TryParse(Path.GetFileName(folder).Split('-')[^1], out var user) ? user : uint.MaxValue;

    private static bool CanUse(string folder, UnixFileMode others)
    {
        try
        {
            if (new DirectoryInfo(folder) is { Exists: true, LinkTarget: not null })
                return false;
            Directory.CreateDirectory(folder);
            if (!OperatingSystem.IsWindows())
                System.IO.File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | others); // The owner may, or root.
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}

/// <param name="Owner">The user whose agent may listen there; null for a place that only root, or whoever names it, gives away.</param>
/// <param name="IsForGroup">Whether the group of the agent's process may ask there too.</param>
internal sealed record ControlSocketPlace(string Path, uint? Owner = null, bool IsForGroup = false);
