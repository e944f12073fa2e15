namespace Armada.Core.Robots;

/// <summary>How a device's joints, in the order of its frames and in its units, are those of a robot: by name, never by place.</summary>
internal sealed class DeviceJoints
{
    private readonly int[] places; // In the device's frame, by the robot's joint.
    private readonly (double Scale, double Bias)[] units; // From the device's to the robot's.
    private readonly bool isSame = true;
    private readonly RobotModel model;
    private readonly ImmutableArray<string> told;
    private readonly bool isMicroPython;

    /// <param name="told">The device's joints, in the order of its frames; default where it did not say: those of an SO arm if the robot has
    /// these, else the robot's.</param>
    /// <param name="isMicroPython">Whether it is an SO arm whose frames come in the robot's units already.</param>
    public DeviceJoints(RobotModel model, ImmutableArray<string> told, bool isMicroPython)
    {
        (this.model, this.told, this.isMicroPython) = (model, told, isMicroPython);
        var isSo = isMicroPython || (told.IsDefault && RobotModels.So101.Joints.All(joint => model.Find(joint.Name) >= 0));
        var names = isSo ? Names(RobotModels.So101) : told.IsDefault ? Names(model) : told;
        places = new int[model.Joints.Length];
        units = new (double, double)[places.Length];
        places.AsSpan().Fill(-1);
        for (var place = 0; place < names.Length; place++)
        {
            if (model.Find(names[place]) is not (>= 0 and var index))
                continue;
            places[index] = place;
            units[index] = Convert(model.Joints[index], isMicroPython ? null : UnitOf(names[place]));
            isSame &= index == place && units[index] == (1, 0);
        }

        if (names.Length != places.Length || places.Contains(-1) || units.Any(unit => unit.Scale == 0))
            Problem = $"its joints ({List(names)}) are not those of the robot ({string.Join(", ", model.Joints.Select(joint => With(joint.Name, joint.Unit)))})";
    }

    public bool IsOf(RobotModel model, ImmutableArray<string> told, bool isMicroPython) =>
        ReferenceEquals(model, this.model) && told == this.told && isMicroPython == this.isMicroPython;

    /// <summary>Why they cannot be matched, with both lists; or null.</summary>
    public string? Problem { get; }

    /// <summary>A device's positions in the robot's order and units.</summary>
    /// <param name="pose">Room for them.</param>
    public ReadOnlySpan<double> ToRobot(ReadOnlySpan<double> positions, Span<double> pose)
    {
        if (isSame || positions.Length != places.Length || Problem is not null)
            return positions;
        for (var joint = 0; joint < pose.Length; joint++)
            pose[joint] = (positions[places[joint]] * units[joint].Scale) + units[joint].Bias;
        return pose;
    }

    /// <summary>A robot's pose in the device's order and units.</summary>
    /// <param name="positions">Room for them.</param>
    public ReadOnlySpan<double> ToDevice(ReadOnlySpan<double> pose, Span<double> positions)
    {
        if (isSame || Problem is not null)
            return pose;
        for (var joint = 0; joint < pose.Length; joint++)
            positions[places[joint]] = (pose[joint] - units[joint].Bias) / units[joint].Scale;
        return positions;
    }

    /// <summary>Percent of a range in degrees, as a URDF gives a gripper's, are degrees of it; degrees are no percent of anything.</summary>
    private static (double Scale, double Bias) Convert(Joint joint, JointUnit? unit) =>
        unit is null || unit == joint.Unit ? (1, 0)
        : joint.Unit == JointUnit.Degree ? ((joint.Max - joint.Min) / 100, joint.Min)
        : (0, 0);

    private static JointUnit? UnitOf(string name) => RobotModels.So101.Find(name) is >= 0 and var index ? RobotModels.So101.Joints[index].Unit : null;

    private static ImmutableArray<string> Names(RobotModel model) => [.. model.Joints.Select(joint => joint.Name)];

    private static string List(ImmutableArray<string> names) => string.Join(", ", names.Select(name => With(name, UnitOf(name))));

    private static string With(string name, JointUnit? unit) => unit switch
    {
        JointUnit.Percent => $"{name} in percent",
        JointUnit.Degree => $"{name} in degrees",
        _ => name,
    };
}
