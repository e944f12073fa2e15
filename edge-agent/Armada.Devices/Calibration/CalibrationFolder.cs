using Armada.Devices.Arms;

namespace Armada.Devices.Calibration;

/// <summary>The folder in which LeRobot keeps calibrations, with the directories of newer and older versions of it.</summary>
/// <param name="root">The folder that has "robots" and "teleoperators" in it.</param>
public sealed class CalibrationFolder(string root)
{
    /// <summary>The folder.</summary>
    public string Root { get; } = root;

    /// <summary>The folder LeRobot uses in an environment.</summary>
    /// <param name="variable">Looks up an environment variable; null: the process's own.</param>
    public static CalibrationFolder Default(Func<string, string?>? variable = null)
    {
        variable ??= Environment.GetEnvironmentVariable;
        if (Value("HF_LEROBOT_CALIBRATION") is { } calibration)
            return new CalibrationFolder(calibration);
        if (Value("HF_LEROBOT_HOME") is { } leRobot)
            return new CalibrationFolder(Path.Combine(leRobot, "calibration"));
        var cache = Value("XDG_CACHE_HOME") ?? Path.Combine(Value("HOME") ?? Home(), ".cache");
        return new CalibrationFolder(Path.Combine(Value("HF_HOME") ?? Path.Combine(cache, "huggingface"), "lerobot", "calibration"));

        string? Value(string name) => variable(name) is { Length: > 0 } value ? ExpandHome(value) : null;
        string ExpandHome(string path) => path == "~" || path.StartsWith("~/", StringComparison.Ordinal)
            ? (variable("HOME") ?? Home()) + path[1..]
            : path;
        static string Home() => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
    }

    /// <summary>Where LeRobot since 0.4.3 writes the calibration of an arm.</summary>
    public string PathOf(ArmKind kind, string id) => Candidates(kind, id).First();

    /// <summary>Finds the calibration of an arm, the newer directory first.</summary>
    /// <exception cref="CalibrationException">There is none; the message tells where it was looked for.</exception>
    public string Find(ArmKind kind, string id) =>
        Candidates(kind, id).FirstOrDefault(File.Exists) ??
        throw new CalibrationException($"no calibration of {kind} {id}: looked for {string.Join(" and ", Candidates(kind, id))}");

    /// <summary>
    /// Finds the one calibration of an arm whose id nobody gave: in LeRobot's directories, or a file here with the role in its name.
    /// </summary>
    /// <exception cref="CalibrationException">There is none, or more than one; the message names them.</exception>
    public string FindOnly(ArmKind kind)
    {
        string[] found = [.. Directories(kind).Where(Directory.Exists).SelectMany(directory => Directory.GetFiles(directory, "*.json"))];
        if (found.Length == 0 && Directory.Exists(Root))
            found = Directory.GetFiles(Root, $"*{RoleOf(kind)}*.json");
        return found switch
        {
            [var only] => only,
            [] => throw new CalibrationException(
                $"no calibration of {kind}: looked in {string.Join(", ", Directories(kind))} and for {Path.Combine(Root, $"*{RoleOf(kind)}*.json")}"),
            _ => throw new CalibrationException($"more than one calibration of {kind}: {string.Join(", ", found)}; leave only the one of this arm"),
        };
    }

    private IEnumerable<string> Candidates(ArmKind kind, string id) => Directories(kind).Select(directory => Path.Combine(directory, $"{id}.json"));

    private IEnumerable<string> Directories(ArmKind kind)
    {
        var group = kind.Role == ArmRole.Leader ? "teleoperators" : "robots";
        yield return Path.Combine(Root, group, $"so_{RoleOf(kind)}");
        yield return Path.Combine(Root, group, $"{kind.Model}_{RoleOf(kind)}");
    }

    private static string RoleOf(ArmKind kind) => kind.Role == ArmRole.Leader ? "leader" : "follower";
}
