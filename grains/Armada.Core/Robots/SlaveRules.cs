using Armada.Core.MicroPython;

namespace Armada.Core.Robots;

public static class SlaveRules
{
    public const int MaxNameLength = 64;

    /// <summary>What is wrong with a slave; or null.</summary>
    public static string? FindProblem(SlaveBinding slave, RobotModel model)
    {
        if (FindProblem(slave.Name) is { } problem)
            return problem;
        if (slave.Kind == SlaveKind.MicroPython && new DeviceJoints(model, default, isMicroPython: true).Problem is { } misfit)
            return $"{slave.Name}: a MicroPython arm has {MicroPythonJson.Joints} joints: {misfit}";
        if (slave.Kind == SlaveKind.Remote != slave.Url is not null)
            return slave.Url is null ? $"{slave.Name}: a remote slave needs a url" : $"{slave.Name}: only a remote slave has a url";
        if (slave.Url is { } url && !IsSlaveEndpoint(url))
            return $"{slave.Name}: '{url}' is no address of a slave door, which look like wss://host/ws/slave/arm";
        return FindMappingProblem(slave, model);
    }

    /// <summary>What is wrong with a name of a session or slave; or null.</summary>
    public static string? FindProblem(string name) =>
        string.IsNullOrWhiteSpace(name) || name.Length > MaxNameLength || name.Any(char.IsControl)
            ? $"a name has 1 to {MaxNameLength} printable characters"
            : null;

    private static string? FindMappingProblem(SlaveBinding slave, RobotModel model)
    {
        var mapped = new HashSet<int>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var mapping in slave.JointMappings)
        {
            var joint = model.Find(mapping.Joint);
            if (joint < 0)
                return $"{slave.Name}: {model.Name} has no joint {mapping.Joint}";
            if (!mapped.Add(joint))
                return $"{slave.Name}: {mapping.Joint} is given twice";
            if (!(Math.Abs(mapping.Offset) <= JointMapping.MaxOffset))
                return $"{slave.Name}: the offset of {mapping.Joint} must be within ±{JointMapping.MaxOffset}";
            if (mapping.Name is { } name && (slave.IsDevice || string.IsNullOrWhiteSpace(name) || name.Length > MaxNameLength || !names.Add(name)))
            {
                return slave.IsDevice
                    ? $"{slave.Name}: a device's joints go by their order and have no names of their own"
                    : $"{slave.Name}: '{name}' must be another name for one joint only, 1 to {MaxNameLength} characters";
            }
        }

        return slave.JointMappings.Select(mapping => FindClash(slave, mapping, model)).FirstOrDefault(clash => clash is not null);
    }

    // A name that another joint goes by would make it unclear whose position is told.
    private static string? FindClash(SlaveBinding slave, JointMapping mapping, RobotModel model) =>
        mapping.Name is { } name && model.Find(name) is >= 0 and var other && other != model.Find(mapping.Joint) && !IsRenamed(slave, other, model)
            ? $"{slave.Name}: '{name}' is the name of another joint of {model.Name}"
            : null;

    private static bool IsRenamed(SlaveBinding slave, int joint, RobotModel model) =>
        slave.JointMappings.Any(mapping => mapping.Name is not null && model.Find(mapping.Joint) == joint);

    // With so narrow a path, whoever may bind slaves cannot make the silo ask for anything else inside its network.
    private static bool IsSlaveEndpoint(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "ws" or "wss" && endpoint.Host.Length > 0
        && endpoint.UserInfo.Length == 0 && endpoint.Fragment.Length == 0
        && endpoint.AbsolutePath.TrimEnd('/').Split('/') is [.., "ws", "slave", { Length: > 0 }];
}
