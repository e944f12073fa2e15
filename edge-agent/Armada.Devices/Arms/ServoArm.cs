using System.Collections.Immutable;
using Armada.Devices.Calibration;
using Armada.Devices.Serial;
using Armada.Devices.ServoBus;

namespace Armada.Devices.Arms;

/// <summary>What leaders and followers share: the start, reading the pose, torque off. For the bus's thread alone.</summary>
public abstract class ServoArm : IDisposable
{
    /// <summary>Reads in a row that a servo may miss before its joint has no reading.</summary>
    public const int MostMisses = 2;

    private static readonly TimeSpan ExitPatience = TimeSpan.FromMilliseconds(500);
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

    /// <summary>The arm's bus.</summary>
    public FeetechBus Bus { get; }

    /// <summary>What steps mean in units.</summary>
    public ArmCalibration Calibration { get; private set; }

    /// <summary>The joints whose servo has missed more than <see cref="MostMisses"/> reads in a row.</summary>
    public JointSet Silent { get; private set; }

    /// <summary>The joints configured by the last start.</summary>
    public JointSet Ready { get; private set; }

    /// <summary>The joints that answered the last read though the last start left them out: time to start again.</summary>
    public JointSet Returned { get; private set; }

    /// <summary>The condition each servo reported last.</summary>
    public ReadOnlySpan<ServoErrors> Errors => errors;

    private protected static ReadOnlySpan<byte> Ids => AllIds;

    /// <summary>
    /// Finds the servos and sets up those that are there. EEPROM is written only where it differs. May be called again at any
    /// time, as after a power dip.
    /// </summary>
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

    /// <summary>
    /// Reads every joint in one exchange: degrees, and percent for the gripper. A servo that misses a read repeats its last
    /// value <see cref="MostMisses"/> times, then its joint is NaN until it answers.
    /// </summary>
    /// <param name="pose">Six values out.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>How many servos answered this time.</returns>
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
            else if (++misses[joint] > MostMisses)
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

    /// <summary>Reads load, voltage, temperature, current and errors of every servo in one exchange.</summary>
    /// <param name="health">Six values out.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>How many servos answered.</returns>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    public int ReadHealth(Span<ServoTelemetry> health, CancellationToken cancellation)
    {
        var answered = Bus.SyncRead(ServoTelemetry.Address, ServoTelemetry.BlockSize, Ids, blocks, answers, cancellation);
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            var block = blocks.AsSpan(joint * ServoTelemetry.BlockSize, ServoTelemetry.BlockSize);
            health[joint] = answers[joint].IsOk
                ? ServoTelemetry.Decode(block, answers[joint].Errors, ToUnits(joint, Sts3215.PresentPosition.Decode(block)))
                : default;
        }

        return answered;
    }

    /// <summary>
    /// Takes the torque off every servo on the bus in one frame, which no servo's error can stop. Waits shortly at most.
    /// </summary>
    /// <returns>False when the port is gone or takes nothing.</returns>
    public bool TryTorqueOff() => TryTorqueOff(Bus);

    /// <inheritdoc cref="TryTorqueOff()"/>
    /// <param name="bus">The bus of an arm that is not fit to be started.</param>
    public static bool TryTorqueOff(FeetechBus bus)
    {
        try
        {
            using var patience = new CancellationTokenSource(ExitPatience);
            bus.Broadcast(Sts3215.TorqueEnable, 0, patience.Token);
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

    /// <summary>Sets up one servo that is there.</summary>
    /// <returns>Whether it answered everything.</returns>
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
