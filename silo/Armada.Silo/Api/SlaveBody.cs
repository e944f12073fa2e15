using System.Collections.Immutable;
using System.ComponentModel;
using Armada.Core.Robots;
using Armada.Silo.Audit;

namespace Armada.Silo.Api;

/// <summary>A slave to be bound, or a bound one's new settings.</summary>
internal sealed record SlaveBody(
    [property: Description("device, micropython, websocket or remote.")] string Type,
    [property: Description("Of a device or MicroPython follower, the device's name; it may be offline.")] string? Device = null,
    [property: Description("Of a WebSocket client or remote robot, the slave's name.")] string? Name = null,
    [property: Description("Of a remote robot, the other service's slave door, ws or wss.")] string? Url = null,
    [property: Description("Calibration offsets by joint, within ±180: added to what is sent, taken from what is read.")]
    IReadOnlyDictionary<string, double>? Offsets = null,
    [property: Description("The slave's own names of joints, by the robot's; not of a device, whose joints go by their order.")]
    IReadOnlyDictionary<string, string>? JointNames = null,
    [property: Description("Take the device from another robot or role.")] bool Takeover = false)
    : IAudited
{
    /// <summary>The slave's name, of a device the device's.</summary>
    public string SlaveName => Device ?? Name ?? "";

    string? IAudited.Detail => Takeover ? $"{Type} {SlaveName}, takeover" : $"{Type} {SlaveName}";

    /// <summary>Checks what can be checked without its robot.</summary>
    public SlaveKind Check(RequestRules rules)
    {
        if (!KindNames.TryGetSlave(Type, out var kind))
        {
            rules.Add("type", $"'{Type}' is unknown; known are {KindNames.Slaves}");
            return default;
        }

        var isDevice = kind is SlaveKind.Device or SlaveKind.MicroPython;
        rules.Name(isDevice ? "device" : "name", isDevice ? Device : Name);
        rules.Absent(isDevice ? "name" : "device", isDevice ? Name : Device, $"a slave of type {Type}");
        if (kind != SlaveKind.Remote)
            rules.Absent("url", Url, $"a slave of type {Type}");
        else if (Url is null)
            rules.Add("url", "is missing; give the other service's slave door, such as wss://host/ws/slave/arm");
        return kind;
    }

    /// <summary>The binding to a robot of this model; what is wrong with it is left to the robot's own rules, but for unknown joints.</summary>
    public SlaveBinding ToBinding(SlaveKind kind, RobotModel model, RequestRules rules)
    {
        var offsets = ByJoint("offsets", Offsets, model, rules);
        var names = ByJoint("joint_names", JointNames, model, rules);
        var tunes = ImmutableArray.CreateBuilder<JointMapping>();
        for (var joint = 0; joint < model.Joints.Length; joint++)
        {
            var name = model.Joints[joint].Name;
            var tune = new JointMapping(name, offsets.GetValueOrDefault(joint), names.GetValueOrDefault(joint));
            if (tune.Offset != 0 || tune.Name is not null)
                tunes.Add(tune);
        }

        return new SlaveBinding(SlaveName, kind, Url, tunes.ToImmutable());
    }

    private static Dictionary<int, T> ByJoint<T>(string field, IReadOnlyDictionary<string, T>? given, RobotModel model, RequestRules rules)
    {
        var found = new Dictionary<int, T>();
        foreach (var (name, value) in given ?? ImmutableDictionary<string, T>.Empty)
        {
            var joint = model.Find(name);
            if (joint < 0)
                rules.Add($"{field}.{name}", $"is none of {string.Join(", ", model.Joints.Select(one => one.Name))}");
            else if (value is null)
                rules.Add($"{field}.{name}", "is null");
            else if (!found.TryAdd(joint, value))
                rules.Add($"{field}.{name}", "is given by the joint's other name too");
        }

        return found;
    }
}
