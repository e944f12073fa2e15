using System.Collections.Immutable;
using Armada.Devices.Arms;

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

    /// <summary>Where it came from: a file or a port.</summary>
    public string Source { get; }

    /// <summary>One for each joint, in order.</summary>
    public ImmutableArray<JointCalibration> Joints { get; }
}
