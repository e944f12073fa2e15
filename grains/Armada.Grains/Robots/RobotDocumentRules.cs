using Armada.Core.Robots;
using Armada.Core.Topics;

namespace Armada.Grains.Robots;

/// <summary>What a stored robot must keep, so that it can run.</summary>
internal static class RobotDocumentRules
{
    /// <summary>What is wrong with a document, or null.</summary>
    /// <param name="document">As it was read; any of its parts may be missing.</param>
    /// <param name="id">The robot that it must be of.</param>
    public static string? FindProblem(RobotDocument document, string id)
    {
        if (document.Id != id)
            return $"it holds robot '{document.Id}'";
        if (document.Model is null || document.Model.Joints.IsDefault || document.Model.Joints.Any(joint => joint is null))
            return "a joint is missing";
        if (document.Slaves.IsDefault || document.Slaves.Any(slave => slave is null))
            return "a slave is missing";
        return RobotModelRules.FindProblem(document.Model) ?? FindMasterProblem(document.Master) ?? FindSlaveProblem(document);
    }

    private static string? FindMasterProblem(MasterBinding? master) => master switch
    {
        null => null,
        { Kind: var kind } when !Enum.IsDefined(kind) => "its master is of an unknown kind",
        _ => FindNameProblem(master.Name, master.Kind == MasterKind.Device),
    };

    private static string? FindSlaveProblem(RobotDocument document)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var slave in document.Slaves)
        {
            if (!Enum.IsDefined(slave.Kind) || slave.JointMappings.IsDefault || slave.JointMappings.Any(mapping => mapping is null))
                return "a slave's kind is unknown or a joint of it is missing";
            if (!names.Add(slave.Name))
                return $"{slave.Name} is its slave twice";
            if ((SlaveRules.FindProblem(slave, document.Model) ?? FindNameProblem(slave.Name, slave.IsDevice)) is { } problem)
                return problem;
        }

        return null;
    }

    private static string? FindNameProblem(string name, bool isDevice) =>
        isDevice && !DeviceName.IsValid(name) ? $"'{name}' is no device's name" : SlaveRules.FindProblem(name);
}
