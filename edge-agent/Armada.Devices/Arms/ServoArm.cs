using System.Collections.Immutable;
using Armada.Devices.Calibration;
using Armada.Devices.Serial;
using Armada.Devices.ServoBus;

namespace Armada.Devices.Arms;

/// <summary>What leaders and followers share: the start, reading the pose, torque off. For the bus's thread alone.</summary>
public abstract class ServoArm : IDisposable
{
    /// <summary>Reads in a row that a servo may miss before its joint has no reading.</summary>
    public const int MaxMisses = 2;

    private static readonly TimeSpan TorqueOffTimeout = TimeSpan.FromMilliseconds(500);
    private static readonly byte[] AllIds = [.. ArmJoint.All.Select(joint => joint.Id)];

    private readonly byte[] data = new byte[ArmJoint.Count * 2];
    private readonly ServoAnswer[] answers = new ServoAnswer[ArmJoint.Count];
    private readonly byte[] blocks = new byte[ArmJoint.Count * ServoTelemetry.BlockSize];
    private readonly double[] pose = new double[ArmJoint.Count];
    private readonly int[] misses = new int[ArmJoint.Count];
    private readonly ServoErrors[] errors = new ServoErrors[ArmJoint.Count];
    private JointSet foreign;
    private JointSet calibrated;

    private protected ServoArm(FeetechBus bus, ArmCalibration calibration)
    {
        Bus = bus;
        Calibration = calibration;
        Forget();
    }

    public FeetechBus Bus { get; }
    public ArmCalibration Calibration { get; private set; }

    /// <summary>The joints whose servo has missed more than <see cref="MaxMisses"/> reads in a row.</summary>
    public JointSet Silent { get; private set; }

    /// <summary>The joints whose servo missed the last read.</summary>
    public JointSet Missed { get; private set; }

    public JointSet Ready { get; private set; }

    /// <summary>The joints that answered the last read though the last start left them out: time to start again.</summary>
    public JointSet Returned { get; private set; }

    /// <summary>Whether it keeps its torque when it is disposed.</summary>
    public bool KeepsTorque { get; set; }

    public ReadOnlySpan<ServoErrors> Errors => errors;

    /// <summary>The joints that answered the last read of the pose.</summary>
    private protected JointSet Heard { get; private set; }

    private protected static ReadOnlySpan<byte> Ids => AllIds;

    /// <summary>Sets up the servos that were found: all are looked at before any has torque. EEPROM is written only where it differs.
    /// May be called again at any time, as after a power dip.</summary>
    /// <param name="survey">What <see cref="Survey"/> has just found.</param>
    /// <exception cref="CalibrationException">A servo's own calibration is to hold and cannot be used.</exception>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    public ArmStartupReport Start(ImmutableArray<ServoEeprom?> survey, ArmCalibration calibration, CancellationToken cancellation)
    {
        Forget();
        Calibration = calibration;
        var servos = ArmJoint.All.Zip(survey, ServoCheck.Of).ToArray();
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            if (servos[joint].State == ServoState.WrongModel)
                foreign = foreign.With(joint);
            if (servos[joint].State != ServoState.Ready)
                continue;
            if (Calibration.IsServosOwn)
                Calibration = Calibration.With(joint, ServoCalibration.Of(ArmJoint.All[joint], survey[joint]!));
            calibrated = calibrated.With(joint);
        }

        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            if (servos[joint].State == ServoState.Ready && !SetUp(joint, survey[joint]!, cancellation))
                servos[joint] = servos[joint] with { State = ServoState.Unconfigured };
        }

        var start = new ArmStartupReport([.. servos]);
        Ready = start.Ready;
        return start;
    }

    /// <summary>Reads what the servos of an arm keep, in the order of its joints; null for one that does not answer.</summary>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    public static ImmutableArray<ServoEeprom?> Survey(FeetechBus bus, CancellationToken cancellation) =>
        [.. ArmJoint.All.Select(joint => ServoEeprom.TryRead(bus, joint.Id, cancellation))];

    /// <summary>Reads every joint in one exchange: degrees, and percent for the gripper. A servo that misses a read repeats its last
    /// value <see cref="MaxMisses"/> times, then its joint is NaN until it answers.</summary>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    public virtual int ReadPose(Span<double> pose, CancellationToken cancellation)
    {
        var position = Sts3215.PresentPosition;
        var answered = Bus.SyncRead(position.Address, position.Size, Ids, data, answers, cancellation);
        var silent = default(JointSet);
        var missed = default(JointSet);
        var returned = default(JointSet);
        Heard = default;
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            var isHeard = answers[joint].IsOk && !foreign.Contains(joint);
            if (isHeard)
                Heard = Heard.With(joint);
            if (isHeard && !Ready.Contains(joint))
                returned = returned.With(joint);
            if (isHeard && calibrated.Contains(joint))
            {
                misses[joint] = 0;
                errors[joint] = answers[joint].Errors;
                this.pose[joint] = ToUnits(joint, position.Decode(data.AsSpan(2 * joint)));
            }
            else
            {
                missed = missed.With(joint);
                if (++misses[joint] <= MaxMisses)
                    continue;
                this.pose[joint] = double.NaN;
                silent = silent.With(joint);
            }
        }

        (Silent, Missed) = (silent, missed);
        Returned = returned;
        this.pose.CopyTo(pose);
        return answered;
    }

    /// <summary>Reads load, voltage, temperature, errors and motion of every servo in one exchange.</summary>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    public int ReadHealth(Span<ServoTelemetry> health, CancellationToken cancellation)
    {
        var answered = Bus.SyncRead(ServoTelemetry.Address, ServoTelemetry.BlockSize, Ids, blocks, answers, cancellation);
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            var block = blocks.AsSpan(joint * ServoTelemetry.BlockSize, ServoTelemetry.BlockSize);
            health[joint] = answers[joint].IsOk ? ServoTelemetry.Decode(block, answers[joint].Errors) : default;
        }

        return answered;
    }

    /// <summary>Takes the torque off every servo on the bus in one frame, which no servo's error can stop. Waits shortly at most.</summary>
    /// <returns>False when the port is gone or takes nothing.</returns>
    public virtual bool TryTorqueOff() => TryTorqueOff(Bus);

    /// <inheritdoc cref="TryTorqueOff()"/>
    /// <param name="bus">The bus of an arm that is not fit to be started.</param>
    public static bool TryTorqueOff(FeetechBus bus)
    {
        try
        {
            using var timeout = new CancellationTokenSource(TorqueOffTimeout);
            bus.Broadcast(Sts3215.TorqueEnable, 0, timeout.Token);
            return true;
        }
        catch (Exception error) when (error is SerialLostException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Takes the torque off unless it is to stay. The bus and its link stay the caller's.</summary>
    public void Dispose()
    {
        if (!KeepsTorque)
            TryTorqueOff();
        GC.SuppressFinalize(this);
    }

    private protected abstract bool SetUp(int joint, ServoEeprom eeprom, CancellationToken cancellation);

    private protected double ToUnits(int joint, int steps) =>
        Calibration.Joints[joint].Normalize(steps, ArmJoint.All[joint].Scale);

    private void Forget()
    {
        pose.AsSpan().Fill(double.NaN);
        misses.AsSpan().Clear();
        errors.AsSpan().Clear();
        foreign = default;
        calibrated = default;
        Heard = default;
        Silent = default;
        Ready = default;
        Returned = default;
    }
}

/// <summary>An arm that is moved by hand: its servos are read, their torque is off, and no goal is ever written.</summary>
public sealed class LeaderArm(FeetechBus bus, ArmCalibration calibration) : ServoArm(bus, calibration)
{
    private protected override bool SetUp(int joint, ServoEeprom eeprom, CancellationToken cancellation) =>
        Bus.WriteChecked(ArmJoint.All[joint].Id, Sts3215.TorqueEnable, 0, cancellation)
        && ServoSettings.Configure(Bus, ArmJoint.All[joint], ArmRole.Leader, eeprom, cancellation);
}

/// <summary>An arm that is driven. Its torque goes on only after its goal is where it stands. A servo takes torque of itself when a goal is
/// written, so goals go only to joints that are known to have it.</summary>
public sealed class FollowerArm(FeetechBus bus, ArmCalibration calibration) : ServoArm(bus, calibration)
{
    // Steps that a hand or gravity moves a joint between two reads.
    private const int MaxMoved = 40;

    // Torque_Enable, Acceleration and a byte of Goal_Position: as long as no other answer that may come late.
    private const int TorqueBlock = 3;

    private readonly int[] goals = new int[ArmJoint.Count];
    private readonly byte[] goalIds = new byte[ArmJoint.Count];
    private readonly byte[] goalData = new byte[ArmJoint.Count * 2];
    private readonly byte[] torques = new byte[ArmJoint.Count * TorqueBlock];
    private readonly int[] torqueLimits = new int[ArmJoint.Count];
    private readonly int[] overloadTorques = new int[ArmJoint.Count];
    private readonly ServoAnswer[] answers = new ServoAnswer[ArmJoint.Count];
    private readonly byte[] accelerations = new byte[ArmJoint.Count];
    private JointSet held;
    private JointSet driven;
    private JointSet doubtful;
    private bool isCheckDue;

    /// <summary>Whether starts leave the torque off.</summary>
    public bool IsFree { get; set; }

    /// <summary>Drives the joints that have torque, in one frame. Goals are clamped to the calibrated range; the goals of a start are the
    /// pose in which the arm stood. A joint that has missed an answer, as in a power dip, gets none until its torque has been read.</summary>
    /// <param name="goals">Six values, degrees and percent; NaN keeps the last goal.</param>
    /// <returns>False where a joint that is not silent did not get its goal; it will, once its torque is known.</returns>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    public bool TryWriteGoals(ReadOnlySpan<double> goals, CancellationToken cancellation)
    {
        if (isCheckDue || Heard.Overlaps(doubtful))
            ReadTorqueLost(cancellation);
        isCheckDue = false;
        var count = 0;
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            if (!driven.Contains(joint) || !Ready.Contains(joint))
                continue;
            if (!double.IsNaN(goals[joint]) && !held.Contains(joint))
                this.goals[joint] = ToSteps(joint, goals[joint]);
            if (doubtful.Contains(joint))
                continue;
            goalIds[count] = ArmJoint.All[joint].Id;
            Sts3215.GoalPosition.Encode(this.goals[joint], goalData.AsSpan(2 * count));
            count++;
        }

        if (count > 0)
            Bus.SyncWrite(Sts3215.GoalPosition.Address, 2, goalIds.AsSpan(0, count), goalData.AsSpan(0, 2 * count), cancellation);
        return !driven.Except(Silent).Overlaps(doubtful);
    }

    public override int ReadPose(Span<double> pose, CancellationToken cancellation)
    {
        var answered = base.ReadPose(pose, cancellation);
        var missed = driven.Except(Heard).Except(doubtful);
        isCheckDue |= !missed.IsEmpty;
        doubtful = doubtful.Union(missed);
        return answered;
    }

    /// <summary>Reads which ready joints have lost their torque, or the settings that a power dip takes, since the last start: another is
    /// due. A servo that does not answer is not counted among them.</summary>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    public JointSet ReadTorqueLost(CancellationToken cancellation)
    {
        Bus.SyncRead(Sts3215.TorqueEnable.Address, TorqueBlock, Ids, torques, answers, cancellation);
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            if (!answers[joint].IsOk)
                continue;
            doubtful = doubtful.Without(joint);
            if (torques[TorqueBlock * joint] == 0 || torques[(TorqueBlock * joint) + 1] != accelerations[joint])
                driven = driven.Without(joint);
        }

        return IsFree ? default : Ready.Except(driven);
    }

    public override bool TryTorqueOff()
    {
        driven = default;
        return base.TryTorqueOff();
    }

    /// <summary>Load over which a servo's own overload protection counts, percent of full duty; 0 where it is not ready.</summary>
    public int OverloadTorque(int joint) => Ready.Contains(joint) ? overloadTorques[joint] : 0;

    /// <summary>Holds one joint where it stands, whatever goals are written, until it is released.</summary>
    public void Hold(int joint, CancellationToken cancellation)
    {
        held = held.With(joint);
        if (driven.Except(doubtful).Contains(joint))
            TryAimAtPose(joint, cancellation);
    }

    public void Release(int joint) => held = held.Without(joint);

    /// <summary>Clears what a servo has latched: its torque goes off and on again where it stands. The other joints are not disturbed.</summary>
    /// <returns>Whether it answered and reports no overload or overcurrent any more.</returns>
    public bool TryRecover(int joint, CancellationToken cancellation)
    {
        var id = ArmJoint.All[joint].Id;
        return Ready.Contains(joint) && !IsFree
            && Bus.WriteChecked(id, Sts3215.TorqueEnable, 0, cancellation)
            && TryHold(joint, cancellation)
            && Bus.Ping(id, cancellation) is { IsOk: true, Errors: var errors } && (errors & Sts3215.LatchedErrors) == 0;
    }

    /// <param name="limit">Of full duty, 0.1 %; null for the servo's usual limit.</param>
    public bool TryLimitTorque(int joint, int? limit, CancellationToken cancellation) =>
        Bus.Write(ArmJoint.All[joint].Id, Sts3215.TorqueLimit, limit ?? torqueLimits[joint], cancellation).IsOk;

    private protected override bool SetUp(int joint, ServoEeprom eeprom, CancellationToken cancellation)
    {
        Release(joint);
        var id = ArmJoint.All[joint].Id;
        driven = driven.Without(joint);
        doubtful = doubtful.Without(joint);
        // What is latched leaves when torque is cycled.
        var torqueOff = IsFree || (eeprom.Errors & Sts3215.LatchedErrors) != 0;
        return (!torqueOff || Bus.WriteChecked(id, Sts3215.TorqueEnable, 0, cancellation))
            && ServoSettings.Configure(Bus, ArmJoint.All[joint], ArmRole.Follower, eeprom, cancellation)
            && TryReadLimits(joint, id, cancellation)
            && (IsFree || TryHold(joint, cancellation));
    }

    // A limit of an agent that was killed lasts in the servo as long as its power.
    private bool TryReadLimits(int joint, byte id, CancellationToken cancellation)
    {
        var torque = Bus.Read(id, Sts3215.MaxTorqueLimit, cancellation);
        var overload = Bus.Read(id, Sts3215.OverloadTorque, cancellation);
        var acceleration = Bus.Read(id, Sts3215.Acceleration, cancellation);
        (torqueLimits[joint], overloadTorques[joint], accelerations[joint]) = (torque.Value, overload.Value, (byte)acceleration.Value);
        return torque.IsOk && overload.IsOk && acceleration.IsOk && TryLimitTorque(joint, limit: null, cancellation);
    }

    private bool TryHold(int joint, CancellationToken cancellation)
    {
        var isHeld = TryAimAtPose(joint, cancellation) && Bus.WriteChecked(ArmJoint.All[joint].Id, Sts3215.TorqueEnable, 1, cancellation);
        driven = isHeld ? driven.With(joint) : driven.Without(joint);
        return isHeld;
    }

    private bool TryAimAtPose(int joint, CancellationToken cancellation)
    {
        var id = ArmJoint.All[joint].Id;
        var first = Bus.Read(id, Sts3215.PresentPosition, cancellation);
        var present = Bus.Read(id, Sts3215.PresentPosition, cancellation);
        var moved = Math.Abs(first.Value - present.Value);
        if (!first.IsOk || !present.IsOk || Math.Min(moved, Sts3215.StepsPerTurn - moved) > MaxMoved)
            return false;
        goals[joint] = present.Value;
        return Bus.WriteChecked(id, Sts3215.GoalPosition, present.Value, cancellation);
    }

    private int ToSteps(int joint, double goal)
    {
        var calibration = Calibration.Joints[joint];
        return calibration.Clamp(calibration.Denormalize(goal, ArmJoint.All[joint].Scale));
    }
}
