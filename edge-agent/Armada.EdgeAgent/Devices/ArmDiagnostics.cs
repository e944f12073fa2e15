using Armada.Core.Time;
using Armada.Devices.Arms;
using Armada.Devices.ServoBus;

namespace Armada.EdgeAgent.Devices;

/// <summary>Turns what servos report into faults that name the joint; reports nothing, and allocates nothing, while nothing changes.</summary>
internal sealed class ArmDiagnostics(Device device)
{
    private readonly ServoErrors[] errors = new ServoErrors[ArmJoint.Count];
    private JointSet silent;
    private readonly SupplyWindow? supply = SupplyWindow.Of(device.Settings);
    private ArmStartupReport? start;
    private string? supplyProblem;

    public bool IsMoving { get; private set; }

    public void Begin(ArmStartupReport found)
    {
        start = found;
        silent = default;
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            errors[joint] = found.Servos[joint].Errors;
            Report(joint);
        }
    }

    public void Observe(ServoArm arm)
    {
        var changed = silent.Bits ^ arm.Silent.Bits;
        silent = arm.Silent;
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            if ((changed >> joint & 1) == 0 && errors[joint] == arm.Errors[joint])
                continue;
            errors[joint] = arm.Errors[joint];
            Report(joint);
        }
    }

    public void Measure(ReadOnlySpan<ServoTelemetry> health)
    {
        var lowest = double.PositiveInfinity;
        var highest = 0.0;
        IsMoving = false;
        foreach (var servo in health)
        {
            if (!servo.IsKnown)
                continue;
            lowest = Math.Min(lowest, servo.Volts);
            highest = Math.Max(highest, servo.Volts);
            IsMoving |= servo.IsMoving;
        }

        if (!double.IsFinite(lowest))
            return;
        device.Status.Measure(lowest, health);
        // A dip of one reading is a motor that starts.
        var problem = supply?.FindProblem(lowest, highest);
        if (problem == supplyProblem)
            device.Status.SetFault("supply", problem);
        supplyProblem = problem;
    }

    private void Report(int joint) => device.Status.SetFault(ArmJoint.All[joint].Name, ProblemOf(joint));

    private string? ProblemOf(int joint)
    {
        var servo = start!.Servos[joint];
        if (servo.State is ServoState.WrongModel or ServoState.Unconfigured || (servo.State == ServoState.Silent && !silent.Contains(joint)))
            return servo.Problem;
        if (silent.Contains(joint))
            return (servo with { State = ServoState.Silent }).Problem;
        return (servo with { Errors = errors[joint] }).Problem;
    }
}

/// <summary>When an arm is started again because of some of its servos: at once, then ever more seldom while it does not help. A start
/// holds the arm for a moment, and five servos that work are not to stutter because of one that does not.</summary>
internal sealed class RestartBackoff
{
    private static readonly TimeSpan MinWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(30);

    private TimeSpan wait = MinWait;
    private Timestamp? last;

    /// <param name="wanting">The joints that want it; none ends the waiting.</param>
    public bool IsDue(JointSet wanting, in Timestamp now)
    {
        if (wanting.IsEmpty)
        {
            (wait, last) = (MinWait, null);
            return false;
        }

        if (last is { } before)
        {
            if (!now.IsPast(before, wait))
                return false;
            wait = wait * 2 < MaxWait ? wait * 2 : MaxWait;
        }

        last = now;
        return true;
    }
}
