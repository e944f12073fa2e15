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

    private IEnumerable<string> Candidates(ArmKind kind, string id)
    {
        var (group, role) = kind.Role == ArmRole.Leader ? ("teleoperators", "leader") : ("robots", "follower");
        yield return Path.Combine(Root, group, $"so_{role}", $"{id}.json");
        yield return Path.Combine(Root, group, $"{kind.Model}_{role}", $"{id}.json");
    }
}
