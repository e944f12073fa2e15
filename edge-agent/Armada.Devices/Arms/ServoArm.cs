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

    public JointSet Ready { get; private set; }

    /// <summary>The joints that answered the last read though the last start left them out: time to start again.</summary>
    public JointSet Returned { get; private set; }

    public ReadOnlySpan<ServoErrors> Errors => errors;

    private protected static ReadOnlySpan<byte> Ids => AllIds;

    /// <summary>Finds the servos and sets up those that are there. EEPROM is written only where it differs. May be called again at any
    /// time, as after a power dip.</summary>
    /// <exception cref="CalibrationException">A servo's own calibration is to hold and cannot be used.</exception>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    public ArmStartupReport Start(CancellationToken cancellation)
    {
        Forget();
        var servos = ImmutableArray.CreateBuilder<ServoCheck>(ArmJoint.Count);
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            var servo = Identify(ArmJoint.All[joint], cancellation);
            if (servo.State == ServoState.WrongModel)
                foreign = foreign.With(joint);
            if (servo.State == ServoState.Ready && !(TryCalibrate(joint, cancellation) && SetUp(joint, servo.Errors, cancellation)))
                servo = servo with { State = ServoState.Unconfigured };
            servos.Add(servo);
        }

        var start = new ArmStartupReport(servos.MoveToImmutable());
        Ready = start.Ready;
        return start;
    }

    /// <summary>Reads every joint in one exchange: degrees, and percent for the gripper. A servo that misses a read repeats its last
    /// value <see cref="MaxMisses"/> times, then its joint is NaN until it answers.</summary>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    public int ReadPose(Span<double> pose, CancellationToken cancellation)
    {
        var position = Sts3215.PresentPosition;
        var answered = Bus.SyncRead(position.Address, position.Size, Ids, data, answers, cancellation);
        var silent = default(JointSet);
        var returned = default(JointSet);
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            var isHeard = answers[joint].IsOk && !foreign.Contains(joint);
            if (isHeard && !Ready.Contains(joint))
                returned = returned.With(joint);
            if (isHeard && calibrated.Contains(joint))
            {
                misses[joint] = 0;
                errors[joint] = answers[joint].Errors;
                this.pose[joint] = ToUnits(joint, position.Decode(data.AsSpan(2 * joint)));
            }
            else if (++misses[joint] > MaxMisses)
            {
                this.pose[joint] = double.NaN;
                silent = silent.With(joint);
            }
        }

        Silent = silent;
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
    public bool TryTorqueOff() => TryTorqueOff(Bus);

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

    /// <summary>Takes the torque off. The bus and its link stay the caller's.</summary>
    public void Dispose()
    {
        TryTorqueOff();
        GC.SuppressFinalize(this);
    }

    private protected abstract bool SetUp(int joint, ServoErrors errors, CancellationToken cancellation);

    private protected double ToUnits(int joint, int steps) =>
        Calibration.Joints[joint].Normalize(steps, ArmJoint.All[joint].Scale);

    private bool TryCalibrate(int joint, CancellationToken cancellation)
    {
        if (Calibration.IsServosOwn)
        {
            if (ServoCalibration.TryRead(Bus, ArmJoint.All[joint], cancellation) is not { } own)
                return false;
            Calibration = Calibration.With(joint, own);
        }

        calibrated = calibrated.With(joint);
        return true;
    }

    private ServoCheck Identify(ArmJoint joint, CancellationToken cancellation)
    {
        Span<byte> head = stackalloc byte[Sts3215.ModelNumber.Address + Sts3215.ModelNumber.Size];
        var answer = Bus.Ping(joint.Id, cancellation);
        if (answer.IsOk)
            answer = Bus.Read(joint.Id, Sts3215.FirmwareMajorVersion.Address, head, cancellation);
        if (!answer.IsOk)
            return new ServoCheck(joint, ServoState.Silent, 0, "", ServoErrors.None);
        var model = Sts3215.ModelNumber.Decode(head[Sts3215.ModelNumber.Address..]);
        var state = model == Sts3215.Model ? ServoState.Ready : ServoState.WrongModel;
        return new ServoCheck(joint, state, model, $"{head[0]}.{head[1]}", answer.Errors);
    }

    private void Forget()
    {
        pose.AsSpan().Fill(double.NaN);
        misses.AsSpan().Clear();
        errors.AsSpan().Clear();
        foreign = default;
        Silent = default;
        Ready = default;
        Returned = default;
    }
}

/// <summary>An arm that is moved by hand: its servos are read, their torque is off.</summary>
public sealed class LeaderArm(FeetechBus bus, ArmCalibration calibration) : ServoArm(bus, calibration)
{
    private protected override bool SetUp(int joint, ServoErrors errors, CancellationToken cancellation) =>
        Bus.Write(ArmJoint.All[joint].Id, Sts3215.TorqueEnable, 0, cancellation).IsOk
        && ServoSettings.Configure(Bus, ArmJoint.All[joint], ArmRole.Leader, cancellation);
}

/// <summary>An arm that is driven. Its torque goes on only after its goal is where it stands.</summary>
public sealed class FollowerArm(FeetechBus bus, ArmCalibration calibration) : ServoArm(bus, calibration)
{
    private readonly int[] goals = new int[ArmJoint.Count];
    private readonly byte[] goalIds = new byte[ArmJoint.Count];
    private readonly byte[] goalData = new byte[ArmJoint.Count * 2];
    private readonly byte[] torques = new byte[ArmJoint.Count];
    private readonly int[] torqueLimits = new int[ArmJoint.Count];
    private readonly int[] overloadTorques = new int[ArmJoint.Count];
    private readonly ServoAnswer[] answers = new ServoAnswer[ArmJoint.Count];
    private JointSet held;

    /// <summary>Drives the joints that are ready, in one frame. Goals are clamped to the calibrated range; the goals of a start are the
    /// pose in which the arm stood.</summary>
    /// <param name="goals">Six values, degrees and percent; NaN keeps the last goal.</param>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    public void WriteGoals(ReadOnlySpan<double> goals, CancellationToken cancellation)
    {
        var count = 0;
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            if (!Ready.Contains(joint))
                continue;
            if (!double.IsNaN(goals[joint]) && !held.Contains(joint))
                this.goals[joint] = ToSteps(joint, goals[joint]);
            goalIds[count] = ArmJoint.All[joint].Id;
            Sts3215.GoalPosition.Encode(this.goals[joint], goalData.AsSpan(2 * count));
            count++;
        }

        if (count > 0)
            Bus.SyncWrite(Sts3215.GoalPosition.Address, 2, goalIds.AsSpan(0, count), goalData.AsSpan(0, 2 * count), cancellation);
    }

    /// <summary>Reads which ready joints have lost their torque, as a power dip leaves them: <see cref="ServoArm.Start"/> is due. A
    /// servo that does not answer is not counted among them.</summary>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    public JointSet ReadTorqueLost(CancellationToken cancellation)
    {
        Bus.SyncRead(Sts3215.TorqueEnable.Address, Sts3215.TorqueEnable.Size, Ids, torques, answers, cancellation);
        var lost = default(JointSet);
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            if (Ready.Contains(joint) && answers[joint].IsOk && torques[joint] == 0)
                lost = lost.With(joint);
        }

        return lost;
    }

    /// <summary>Load over which a servo's own overload protection counts, percent of full duty; 0 where it is not ready.</summary>
    public int OverloadTorque(int joint) => Ready.Contains(joint) ? overloadTorques[joint] : 0;

    /// <summary>Holds one joint where it stands, whatever goals are written, until it is released.</summary>
    public void Hold(int joint, CancellationToken cancellation)
    {
        held = held.With(joint);
        TryAimAtPose(joint, cancellation);
    }

    public void Release(int joint) => held = held.Without(joint);

    /// <summary>Clears what a servo has latched: its torque goes off and on again where it stands. The other joints are not disturbed.</summary>
    /// <returns>Whether it answered and reports no overload or overcurrent any more.</returns>
    public bool TryRecover(int joint, CancellationToken cancellation)
    {
        var id = ArmJoint.All[joint].Id;
        if (!Ready.Contains(joint) || !Bus.Write(id, Sts3215.TorqueEnable, 0, cancellation).IsOk || !TryAimAtPose(joint, cancellation))
            return false;
        var on = Bus.Write(id, Sts3215.TorqueEnable, 1, cancellation);
        return on.IsOk && (on.Errors & Sts3215.LatchedErrors) == 0;
    }

    /// <param name="limit">Of full duty, 0.1 %; null for the servo's usual limit.</param>
    public bool TryLimitTorque(int joint, int? limit, CancellationToken cancellation) =>
        Bus.Write(ArmJoint.All[joint].Id, Sts3215.TorqueLimit, limit ?? torqueLimits[joint], cancellation).IsOk;

    private protected override bool SetUp(int joint, ServoErrors errors, CancellationToken cancellation)
    {
        Release(joint);
        var id = ArmJoint.All[joint].Id;
        // What is latched leaves when torque is cycled.
        var latched = (errors & Sts3215.LatchedErrors) != 0;
        return (!latched || Bus.Write(id, Sts3215.TorqueEnable, 0, cancellation).IsOk)
            && ServoSettings.Configure(Bus, ArmJoint.All[joint], ArmRole.Follower, cancellation)
            && TryReadLimits(joint, id, cancellation)
            && TryAimAtPose(joint, cancellation)
            && Bus.Write(id, Sts3215.TorqueEnable, 1, cancellation).IsOk;
    }

    // A limit of an agent that was killed lasts in the servo as long as its power.
    private bool TryReadLimits(int joint, byte id, CancellationToken cancellation)
    {
        var torque = Bus.Read(id, Sts3215.MaxTorqueLimit, cancellation);
        var overload = Bus.Read(id, Sts3215.OverloadTorque, cancellation);
        (torqueLimits[joint], overloadTorques[joint]) = (torque.Value, overload.Value);
        return torque.IsOk && overload.IsOk && TryLimitTorque(joint, limit: null, cancellation);
    }

    private bool TryAimAtPose(int joint, CancellationToken cancellation)
    {
        var id = ArmJoint.All[joint].Id;
        var present = Bus.Read(id, Sts3215.PresentPosition, cancellation);
        if (!present.IsOk || !Bus.Write(id, Sts3215.GoalPosition, present.Value, cancellation).IsOk)
            return false;
        goals[joint] = present.Value;
        return true;
    }

    private int ToSteps(int joint, double goal)
    {
        var calibration = Calibration.Joints[joint];
        return calibration.Clamp(calibration.Denormalize(goal, ArmJoint.All[joint].Scale));
    }
}
