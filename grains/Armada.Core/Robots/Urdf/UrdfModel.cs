using System.Diagnostics.CodeAnalysis;

namespace Armada.Core.Robots.Urdf;

/// <remarks>
/// Revolute and continuous joints are read, in the document's order. Fixed joints, and those that mimic another, have nothing to command
/// and are left out. A prismatic, planar or floating joint would leave a part of the robot uncommanded, so it refuses the whole.
/// </remarks>
public static class UrdfModel
{
    /// <summary>Characters.</summary>
    public const int MaxLength = 1024 * 1024;

    /// <summary>Maximum taken from a URDF, degrees per second; no servo of these arms turns faster.</summary>
    public const double FastestVelocity = 360;

    /// <summary>For a joint whose URDF gives none or 0, degrees per second; that of the known arms.</summary>
    public const double DefaultVelocity = 180;

    private const string DefaultName = "urdf";
    private const double DegreesPerRadian = 180 / Math.PI;

    /// <summary>Reads a model; its limits are in degrees, its rest pose is 0 or the nearest limit.</summary>
    /// <param name="servoIds">By joint, in either family of names; or null.</param>
    /// <param name="rest">Degrees by joint; or null.</param>
    /// <param name="model">Valid by <see cref="RobotModelRules"/>.</param>
    public static bool TryRead(
        string text,
        IReadOnlyDictionary<string, int>? servoIds,
        IReadOnlyDictionary<string, double>? rest,
        [NotNullWhen(true)] out RobotModel? model,
        [NotNullWhen(false)] out string? problem)
    {
        model = null;
        try
        {
            var read = Read(text);
            read = Give(read, servoIds, "servo id", (joint, id) => joint with { ServoId = id });
            read = Give(read, rest, "rest position", (joint, position) => joint with { Rest = position });
            problem = RobotModelRules.FindProblem(read);
            model = problem is null ? read : null;
        }
        catch (UrdfFault fault)
        {
            problem = fault.Message;
        }

        return model is not null;
    }

    private static RobotModel Read(string text)
    {
        if (text.Length > MaxLength)
            throw new UrdfFault($"it is longer than {MaxLength} characters");
        var document = UrdfParser.Parse(text);
        var joints = document.Joints.Where(joint => joint.Type != "fixed" && !joint.IsMimic).Select(ToJoint).ToImmutableArray();
        return joints.IsEmpty
            ? throw new UrdfFault("it has no revolute or continuous joint")
            : new RobotModel(document.Name.Length > 0 ? document.Name : DefaultName, joints);
    }

    private static Joint ToJoint(UrdfJoint joint)
    {
        var (motion, lower, upper) = joint switch
        {
            { Type: "revolute", Limit: { } limit } => (JointMotion.Revolute, Degrees(limit.Lower ?? 0), Degrees(limit.Upper ?? 0)),
            { Type: "revolute" } => throw new UrdfFault($"joint {joint.Name} is revolute and has no limit"),
            { Type: "continuous" } => (JointMotion.Continuous, -RobotModelRules.MaxPosition, RobotModelRules.MaxPosition),
            _ => throw new UrdfFault($"joint {joint.Name} is {joint.Type}; only revolute and continuous joints can be commanded"),
        };
        if (!(lower < upper))
            throw new UrdfFault($"joint {joint.Name}: its lower limit must be below its upper one");
        return new Joint(joint.Name, JointUnit.Degree, lower, upper, Velocity(joint), Math.Clamp(0, lower, upper), motion);
    }

    private static double Velocity(UrdfJoint joint) => joint.Limit?.Velocity switch
    {
        null or 0 => DefaultVelocity,
        < 0 => throw new UrdfFault($"joint {joint.Name}: its velocity is negative"),
        { } velocity => Math.Min(velocity * DegreesPerRadian, FastestVelocity),
    };

    private static double Degrees(double radians) =>
        Math.Clamp(radians * DegreesPerRadian, -RobotModelRules.MaxPosition, RobotModelRules.MaxPosition);

    private static RobotModel Give<T>(RobotModel model, IReadOnlyDictionary<string, T>? given, string what, Func<Joint, T, Joint> set)
    {
        var joints = model.Joints;
        foreach (var (name, value) in given ?? ImmutableDictionary<string, T>.Empty)
        {
            var index = model.Find(name);
            if (index < 0)
                throw new UrdfFault($"a {what} is given for {name}, which is none of {string.Join(", ", joints.Select(joint => joint.Name))}");
            joints = joints.SetItem(index, set(joints[index], value));
        }

        return model with { Joints = joints };
    }
}
