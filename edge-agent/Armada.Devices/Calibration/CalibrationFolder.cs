using Armada.Devices.Arms;

namespace Armada.Devices.Calibration;

/// <summary>The folder in which LeRobot keeps calibrations, with the directories of newer and older versions of it.</summary>
/// <param name="root">The folder that has "robots" and "teleoperators" in it.</param>
public sealed class CalibrationFolder(string root)
{
    public string Root { get; } = root;

    /// <summary>Finds the one calibration of an arm whose id nobody gave: in LeRobot's directories, or a file here with the role in its
    /// name.</summary>
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

    private IEnumerable<string> Directories(ArmKind kind)
    {
        var group = kind.IsLeader ? "teleoperators" : "robots";
        yield return Path.Combine(Root, group, $"so_{RoleOf(kind)}");
        yield return Path.Combine(Root, group, $"{kind.Model}_{RoleOf(kind)}");
    }

    private static string RoleOf(ArmKind kind) => kind.IsLeader ? "leader" : "follower";
}
