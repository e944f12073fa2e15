using System.Collections.Immutable;
using System.Globalization;
using Armada.Domain.Robots;
using Armada.Wire.Topics;

namespace Armada.Silo.Api;

/// <summary>What bodies must keep; each error is kept under its field's path.</summary>
internal sealed class RequestRules
{
    private const double SlowestVelocity = 1;
    private const double FastestVelocity = 360; // The STS3215 turns 298.8 °/s without load; more would be no limit.

    private readonly Dictionary<string, string> errors = new(StringComparer.Ordinal);

    /// <summary>What is wrong, by field; empty where nothing is.</summary>
    public IReadOnlyDictionary<string, string> Errors => errors;

    /// <summary>Checks a robot id or device name.</summary>
    public void Name(string field, string name)
    {
        if (!DeviceName.IsValid(name))
            errors[field] = $"'{name}' must be 1 to {DeviceName.MaxLength} of a-z, A-Z, 0-9, '-', '_', beginning with a letter or digit";
    }

    /// <summary>Checks a binding.</summary>
    public void Binding(DeviceBinding binding)
    {
        if (binding.Type != DeviceBinding.DeviceType)
            errors["type"] = $"'{binding.Type}' is unknown; this silo binds '{DeviceBinding.DeviceType}'";
        Name("device", binding.Device);
    }

    /// <summary>The model that a body asks for; null with errors.</summary>
    public RobotModel? Model(string name, IReadOnlyList<JointLimitsRequest>? limits)
    {
        if (!RobotModels.TryGet(name, out var model))
        {
            errors["model"] = $"'{name}' is unknown; known are {string.Join(", ", RobotModels.All.Select(known => known.Name))}";
            return null;
        }

        var joints = model.Joints;
        for (var i = 0; i < (limits?.Count ?? 0); i++)
            joints = Narrow(joints, limits![i], string.Create(CultureInfo.InvariantCulture, $"joints[{i}]"));
        return errors.Count > 0 ? null : model with { Joints = joints };
    }

    private ImmutableArray<Joint> Narrow(ImmutableArray<Joint> joints, JointLimitsRequest? limits, string path)
    {
        if (limits is null || joints.FirstOrDefault(known => known.Name == limits.Name) is not { } joint)
        {
            errors[$"{path}.name"] = $"'{limits?.Name}' is none of {string.Join(", ", joints.Select(known => known.Name))}";
            return joints;
        }

        var min = Within($"{path}.min", limits.Min, joint.Min, joint.Max) ?? joint.Min;
        var max = Within($"{path}.max", limits.Max, joint.Min, joint.Max) ?? joint.Max;
        if (min >= max)
            errors[$"{path}.max"] = string.Create(CultureInfo.InvariantCulture, $"must be above min, which is {min}");
        var rest = Within($"{path}.rest", limits.Rest, min, max) ?? Math.Clamp(joint.Rest, min, Math.Max(min, max));
        var velocity = Within($"{path}.max_velocity", limits.MaxVelocity, SlowestVelocity, FastestVelocity) ?? joint.MaxVelocity;
        return joints.Replace(joint, joint with { Min = min, Max = max, MaxVelocity = velocity, Rest = rest });
    }

    private double? Within(string path, double? value, double least, double most)
    {
        if (value is not { } given || (given >= least && given <= most))
            return value;
        errors[path] = string.Create(CultureInfo.InvariantCulture, $"{given} must be {least} to {most}");
        return null;
    }
}
