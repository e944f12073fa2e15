using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Armada.Core.Robots;
using Armada.Core.Topics;

namespace Armada.Silo.Store;

/// <summary>A robot's file.</summary>
/// <param name="Format">Version of the file's shape: 2, or 1, in which a master and a slave had a device and nothing else.</param>
/// <param name="Robot">The robot.</param>
internal sealed record StoredRobot(int Format, StoredRobotBody Robot)
{
    private const int Current = 2;
    private const int Oldest = 1;

    /// <summary>The file of a robot.</summary>
    public static StoredRobot Of(RobotDocument robot) => new(
        Current,
        new StoredRobotBody(
            robot.Id,
            robot.Model,
            robot.Master is { } master ? new StoredMaster(master.Name, master.Kind) : null,
            [.. robot.Slaves.Select(slave => new StoredSlave(slave.Name, slave.Kind, slave.Url, slave.JointMappings))],
            robot.Epoch,
            robot.Stopped,
            robot.Version,
            robot.Room is { } room ? new StoredRoom(room.Workspace, room.Id, room.MaxConsumers) : null));

    /// <summary>What is wrong with it, given its file's name without ending; or null.</summary>
    public string? Fault(string name)
    {
        if (Format is < Oldest or > Current)
            return $"its format is {Format}, this silo reads {Oldest} to {Current}";
        if (!DeviceName.IsValid(Robot.Id) || Robot.Id != name)
            return $"it holds robot '{Robot.Id}'";
        if (Robot.Slaves.IsDefault || Robot.Slaves.Any(slave => slave is null))
            return "a slave is missing";
        if (Robot.Model.Joints.IsDefault || Robot.Model.Joints.Any(joint => joint is null))
            return "a joint is missing";
        return RobotModelRules.FindProblem(Robot.Model) ?? MasterFault() ?? SlavesFault();
    }

    /// <summary>The robot, where there is no <see cref="Fault"/>.</summary>
    public RobotDocument ToDocument() => new(
        Robot.Id,
        Robot.Model,
        Robot.Master?.ToBinding(),
        [.. Robot.Slaves.Select(slave => slave!.ToBinding())],
        Robot.Epoch,
        Robot.Stopped,
        Robot.Version,
        Robot.Room is { } room ? new RoomName(room.Workspace, room.Id, room.MaxConsumers) : null);

    private string? MasterFault() => Robot.Master switch
    {
        null => null,
        { Kind: var kind } when !Enum.IsDefined(kind) => "its master is of an unknown kind",
        var master => NameFault(master.ToBinding().Name, master.Kind == MasterKind.Device),
    };

    private static string? NameFault(string name, bool isDevice) =>
        isDevice && !DeviceName.IsValid(name) ? $"'{name}' is no device's name" : SlaveRules.FindProblem(name);

    private string? SlavesFault()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var slave in Robot.Slaves)
        {
            if (!Enum.IsDefined(slave!.Kind) || slave.Tunes.Any(tune => tune is null))
                return "a slave's kind is unknown or a joint of it is missing";
            var binding = slave.ToBinding();
            if (!names.Add(binding.Name))
                return $"{binding.Name} is its slave twice";
            if ((SlaveRules.FindProblem(binding, Robot.Model) ?? NameFault(binding.Name, binding.IsDevice)) is { } problem)
                return problem;
        }

        return null;
    }
}

/// <summary>A robot as it is kept.</summary>
internal sealed record StoredRobotBody(
    string Id,
    RobotModel Model,
    StoredMaster? Master,
    ImmutableArray<StoredSlave?> Slaves,
    uint Epoch,
    bool Stopped,
    long Version,
    StoredRoom? Room = null);

/// <summary>The room that a robot is, as it is kept.</summary>
/// <param name="Workspace">Workspace id.</param>
/// <param name="Id">Room id.</param>
/// <param name="MaxConsumers">Most consumers it may have; missing where it was given no number.</param>
internal sealed record StoredRoom(
    string Workspace,
    string Id,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? MaxConsumers = null);

/// <summary>A bound master as it is kept.</summary>
/// <param name="Name">Its name; missing in format 1.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Device">Of format 1 its name.</param>
internal sealed record StoredMaster(
    string? Name = null,
    MasterKind Kind = MasterKind.Device,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Device = null)
{
    /// <summary>The binding; without a name where it has none.</summary>
    public MasterBinding ToBinding() => new(Name ?? Device ?? "", Kind);
}

/// <summary>A bound slave as it is kept.</summary>
/// <param name="Name">Its name; missing in format 1.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Url">Of a remote slave, where it is.</param>
/// <param name="Tunes">Joints that differ; missing in format 1.</param>
/// <param name="Device">Of format 1 its name.</param>
internal sealed record StoredSlave(
    string? Name = null,
    SlaveKind Kind = SlaveKind.Device,
    string? Url = null,
    ImmutableArray<JointMapping> Tunes = default,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Device = null)
{
    /// <summary>Joints that differ; never default.</summary>
    public ImmutableArray<JointMapping> Tunes { get; init; } = Tunes.IsDefault ? [] : Tunes;

    /// <summary>The binding; without a name where it has none.</summary>
    public SlaveBinding ToBinding() => new(Name ?? Device ?? "", Kind, Url, Tunes);
}
