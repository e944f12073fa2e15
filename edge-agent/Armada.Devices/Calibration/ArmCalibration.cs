using System.Collections.Immutable;
using Armada.Devices.Arms;
using Armada.Devices.ServoBus;

namespace Armada.Devices.Calibration;

/// <summary>The calibration of a whole arm: each joint of <see cref="ArmJoint.All"/>, in that order, checked.</summary>
public sealed class ArmCalibration
{
    /// <summary>Checks and takes the joints' calibrations.</summary>
    /// <param name="source">File or port, for messages.</param>
    /// <param name="joints">One for each joint, in order.</param>
    /// <exception cref="CalibrationException">One of them cannot be used.</exception>
    public ArmCalibration(string source, ImmutableArray<JointCalibration> joints)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(joints.Length, ArmJoint.Count, nameof(joints));
        foreach (var (joint, calibration) in ArmJoint.All.Zip(joints))
        {
            if (calibration.Id != joint.Id)
                throw new CalibrationException($"{source}: {joint}: id is {calibration.Id}, but this joint's servo is {joint.Id}");
            if (calibration.Fault() is { } fault)
                throw new CalibrationException($"{source}: {joint}: {fault}");
        }

        Source = source;
        Joints = joints;
    }

    private ArmCalibration(string source)
    {
        Source = source;
        IsServosOwn = true;
        Joints = [.. ArmJoint.All.Select(joint => new JointCalibration(joint.Id, 0, 0, 0, Sts3215.StepsPerTurn - 1))];
    }

    /// <summary>The one that the servos themselves keep; an arm reads it servo by servo as it starts.</summary>
    /// <param name="port">Where the servos are, for messages.</param>
    public static ArmCalibration OfServos(string port) => new(port);

    /// <summary>Whether an arm is to read it from its servos.</summary>
    public bool IsServosOwn { get; private init; }

    /// <summary>Where it came from: a file or a port.</summary>
    public string Source { get; }

    /// <summary>One for each joint, in order.</summary>
    public ImmutableArray<JointCalibration> Joints { get; }

    /// <summary>The same with what one servo keeps.</summary>
    /// <exception cref="CalibrationException">It cannot be used.</exception>
    internal ArmCalibration With(int joint, JointCalibration own) => new(Source, Joints.SetItem(joint, own)) { IsServosOwn = IsServosOwn };
}
