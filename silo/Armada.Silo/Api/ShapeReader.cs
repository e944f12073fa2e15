using System.Collections.Immutable;
using System.Globalization;
using Armada.Core.Robots;
using Armada.Core.Robots.Urdf;

namespace Armada.Silo.Api;

/// <summary>From what a body says of a robot's joints to its model.</summary>
internal sealed class ShapeReader(RequestRules rules)
{
    private const double SlowestVelocity = 1;
    private const double FastestVelocity = UrdfModel.FastestVelocity; // The STS3215 turns 298.8 °/s without load; more would be no limit.

    /// <summary>The model that a body asks for; null where something is wrong.</summary>
    public RobotModel? Read(IRobotShape shape)
    {
        var model = shape.Urdf is { } urdf ? ReadUrdf(shape, urdf) : ReadListed(shape);
        if (model is not null && !rules.IsBroken && RobotModelRules.FindProblem(model) is { } problem)
            rules.Add(shape.Joints is null ? "model" : "joints", problem);
        return rules.IsBroken ? null : model;
    }

    private RobotModel? ReadUrdf(IRobotShape shape, string urdf)
    {
        rules.Absent("joints", shape.Joints, "a robot from a URDF");
        if (shape.Model is { } name && RobotModels.TryGet(name, out _))
            rules.Add("model", $"{name} has joints of its own; give a URDF another name or none");
        if (UrdfModel.TryRead(urdf, shape.ServoIds, shape.Rest, out var model, out var problem))
            return shape.Model is null ? model : model with { Name = shape.Model };
        rules.Add("urdf", problem);
        return null;
    }

    private RobotModel? ReadListed(IRobotShape shape)
    {
        rules.Absent("servo_ids", shape.ServoIds, "a robot without a URDF; give a joint its servo_id");
        rules.Absent("rest", shape.Rest, "a robot without a URDF; give a joint its rest");
        if (shape.Model is not { } name)
        {
            rules.Add("model", "is missing; give a known model, the name of another with its joints, or a urdf");
            return null;
        }

        var bodies = shape.Joints ?? [];
        if (RobotModels.TryGet(name, out var known))
        {
            var joints = known.Joints;
            for (var i = 0; i < bodies.Count; i++)
                joints = Narrow(known with { Joints = joints }, bodies[i], PathOf(i));
            return known with { Joints = joints };
        }

        if (bodies.Count == 0)
            rules.Add("model", $"'{name}' is unknown; known are {string.Join(", ", RobotModels.All.Select(model => model.Name))}. List all joints of any other");
        return new RobotModel(name, [.. bodies.Select((body, i) => Whole(body, PathOf(i)))]);
    }

    private ImmutableArray<Joint> Narrow(RobotModel model, JointBody? body, string path)
    {
        var joints = model.Joints;
        if (body is null || model.Find(body.Name) is not (>= 0 and var index))
        {
            rules.Add($"{path}.name", $"'{body?.Name}' is none of {string.Join(", ", joints.Select(known => known.Name))}");
            return joints;
        }

        var joint = joints[index];
        rules.Absent($"{path}.unit", body.Unit, $"a joint of {model.Name}");
        rules.Absent($"{path}.motion", body.Motion, $"a joint of {model.Name}");
        return joints.SetItem(index, Set(joint, body, joint.Min, joint.Max, path));
    }

    private Joint Whole(JointBody? body, string path)
    {
        if (body is not { Min: not null, Max: not null, MaxVelocity: not null })
            rules.Add(path, "needs name, min, max and max_velocity");
        var (unit, motion) = (body?.Unit ?? JointUnit.Degree, body?.Motion ?? JointMotion.Revolute);
        const double Far = RobotModelRules.MaxPosition;
        var blank = new Joint(body?.Name ?? "", unit, -Far, Far, SlowestVelocity, 0, motion);
        return body is null ? blank : Set(blank, body, -Far, Far, path);
    }

    private Joint Set(Joint joint, JointBody body, double least, double most, string path)
    {
        var min = rules.Within($"{path}.min", body.Min, least, most) ?? joint.Min;
        var max = rules.Within($"{path}.max", body.Max, least, most) ?? joint.Max;
        if (min >= max)
            rules.Add($"{path}.max", string.Create(CultureInfo.InvariantCulture, $"must be above min, which is {min}"));
        var rest = rules.Within($"{path}.rest", body.Rest, min, max) ?? Math.Clamp(joint.Rest, min, Math.Max(min, max));
        var velocity = rules.Within($"{path}.max_velocity", body.MaxVelocity, SlowestVelocity, FastestVelocity) ?? joint.MaxVelocity;
        var servo = (int?)rules.Within($"{path}.servo_id", body.ServoId, 0, RobotModelRules.MaxServoId) ?? joint.ServoId;
        return joint with { Min = min, Max = max, MaxVelocity = velocity, Rest = rest, ServoId = servo };
    }

    private static string PathOf(int index) => string.Create(CultureInfo.InvariantCulture, $"joints[{index}]");
}
