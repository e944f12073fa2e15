using Armada.Core.Rooms;
using Armada.Core.Topics;

namespace Armada.Core.Robots;

/// <summary>What of a robot survives a restart; samples and leases do not.</summary>
/// <param name="Model">With this robot's limits.</param>
/// <param name="Master">Null for none. Only a device survives a load.</param>
/// <param name="Epoch">The last one used; never goes back.</param>
/// <param name="Stopped">Whether the robot's own stop is latched.</param>
/// <param name="Version">Raised at every change.</param>
/// <param name="Room">Null where it is no room.</param>
[GenerateSerializer, Immutable, Alias("armada.robot.document")]
public sealed record RobotDocument(
    [Id(0)] string Id,
    [Id(1)] RobotModel Model,
    [Id(2)] MasterBinding? Master,
    [Id(3)] ImmutableArray<SlaveBinding> Slaves,
    [Id(4)] uint Epoch,
    [Id(5)] bool Stopped,
    [Id(6)] long Version,
    [Id(7)] RoomName? Room = null);

public static class RobotDocumentRules
{
    /// <summary>Why a robot cannot run from a stored document, or null. Never throws; any reference in the document may be null.</summary>
    /// <param name="id">The id under which it was stored.</param>
    public static string? FindProblem(RobotDocument document, string id)
    {
        if (document.Id != id || !DeviceName.IsValid(document.Id))
            return $"it holds robot '{document.Id}', not '{id}'";
        if (document.Model is not { Joints.IsDefault: false } model || model.Joints.Any(joint => joint is null))
            return "its model or a joint of it is missing";
        if (document.Room is { } room && !(RoomReader.IsId(room.Workspace) && RoomReader.IsId(room.Id)))
            return $"its room has no valid id: 1 to {RoomReader.MaxIdLength} characters without control characters";
        return RobotModelRules.FindProblem(model) ?? FindProblem(document.Master) ?? FindProblem(document.Slaves, model);
    }

    private static string? FindProblem(MasterBinding? master) =>
        master is null ? null
        : !Enum.IsDefined(master.Kind) ? $"the kind of its master {master.Name} is unknown"
        : FindProblem(master.Name, master.Kind == MasterKind.Device);

    private static string? FindProblem(ImmutableArray<SlaveBinding> slaves, RobotModel model)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var slave in slaves.IsDefault ? [] : slaves)
        {
            if (slave is null || slave.JointMappings.Any(mapping => mapping is null))
                return "a slave or a joint mapping of it is missing";
            if (!Enum.IsDefined(slave.Kind))
                return $"the kind of its slave {slave.Name} is unknown";
            if ((FindProblem(slave.Name, slave.IsDevice) ?? SlaveRules.FindProblem(slave, model)) is { } problem)
                return problem;
            if (!names.Add(slave.Name))
                return $"{slave.Name} is its slave twice";
        }

        return null;
    }

    private static string? FindProblem(string name, bool isDevice) =>
        isDevice && !DeviceName.IsValid(name) ? $"'{name}' is not a device name" : SlaveRules.FindProblem(name);
}
