using Armada.Devices.Arms;
using Armada.Devices.ServoBus;

namespace Armada.EdgeAgent.Devices;

/// <summary>KeyedLock what servos report into faults that name the joint; says nothing, and allocates nothing, while nothing changes.</summary>
internal sealed class ArmDiagnostics(Device device)
{
    private readonly ServoErrors[] errors = new ServoErrors[ArmJoint.Count];
    private JointSet silent;
    private ArmStartupReport? start;

    /// <summary>Whether a servo moves, as of the last reading of health.</summary>
    public bool IsMoving { get; private set; }

    /// <summary>Begins with what a start found.</summary>
    public void Begin(ArmStartupReport found)
    {
        start = found;
        silent = default;
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            errors[joint] = found.Servos[joint].Errors;
            Tell(joint);
        }
    }

    /// <summary>Takes note of an arm's last reading of its pose.</summary>
    public void Observe(ServoArm arm)
    {
        var changed = silent.Bits ^ arm.Silent.Bits;
        silent = arm.Silent;
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            if ((changed >> joint & 1) == 0 && errors[joint] == arm.Errors[joint])
                continue;
            errors[joint] = arm.Errors[joint];
            Tell(joint);
        }
    }

    /// <summary>Takes note of a reading of health.</summary>
    public void Measure(ReadOnlySpan<ServoTelemetry> health)
    {
        var lowest = double.PositiveInfinity;
        IsMoving = false;
        foreach (var servo in health)
        {
            if (!servo.IsKnown)
                continue;
            lowest = Math.Min(lowest, servo.Volts);
            IsMoving |= servo.IsMoving;
        }

        if (double.IsFinite(lowest))
            device.Status.Measure(lowest, health);
    }

    private void Tell(int joint) => device.Status.Fault(ArmJoint.All[joint].Name, Text(joint));

    private string? Text(int joint)
    {
        var servo = start!.Servos[joint];
        if (servo.State is ServoState.WrongModel or ServoState.Unconfigured || (servo.State == ServoState.Silent && !silent.Contains(joint)))
            return servo.Complaint;
        if (silent.Contains(joint))
            return (servo with { State = ServoState.Silent }).Complaint;
        return (servo with { Errors = errors[joint] }).Complaint;
    }
}
