using System.Collections.Immutable;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Devices.Arms;
using Armada.Devices.Calibration;
using Armada.Devices.ServoBus;
using Armada.Devices.Timing;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Telemetry;

namespace Armada.EdgeAgent.Follower;

/// <summary>Drives one follower: each tick plays its commands, moves the goals, writes them in one sync write, and reads back
/// pose or condition in turn. The only thread that touches the bus.</summary>
internal sealed partial class FollowerLoop : IArmLoop
{
    private static readonly TimeSpan MaxSilence = TimeSpan.FromMilliseconds(100);

    // Of the ten seconds that a service has to end.
    private static readonly TimeSpan ParkTimeout = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan HoldTimeout = TimeSpan.FromSeconds(1);

    // How far from its rest pose, degrees or percent, an arm may be let go: P control leaves a few degrees under its weight.
    private const double RestTolerance = 8;

    private readonly Device device;
    private readonly ArmSetup setup;
    private readonly AgentTelemetry telemetry;
    private readonly TimeProvider time;
    private readonly ILogger<FollowerLoop> logger;
    private readonly KeyValuePair<string, object?> tag;
    private readonly TimeSpan period;
    private readonly double[] command;
    private readonly double[] pose;
    private readonly IdentifyMotion identify;
    private readonly ReadingSchedule schedule;
    private readonly ArmDiagnostics diagnostics;
    private readonly JointProtection protection = new();
    private readonly RestartBackoff restarts = new();
    private readonly ServoTelemetry[] health = new ServoTelemetry[ArmJoint.Count];
    private FollowerArm arm = null!;
    private ControlLaw law = null!;
    private SampleStamp current;
    private SampleStamp? finished;
    private Timestamp finishedAt;
    private uint sequence;
    private Timestamp lastWrite;
    private bool hasUnfinished;
    private bool isHoldDue;
    private bool isPaused;
    private bool isStopped;
    private bool isStopMeasured;
    private bool isTorqueOff;

    public FollowerLoop(Device device, ArmSetup setup, AgentTelemetry telemetry, TimeProvider time, ILogger<FollowerLoop> logger)
    {
        (this.device, this.setup, this.telemetry, this.time, this.logger) = (device, setup, telemetry, time, logger);
        tag = AgentTelemetry.Tag(device);
        var rate = device.Settings.RateHz ?? DeviceSettings.FollowerRateHz;
        period = TimeSpan.FromSeconds(1 / rate);
        command = new double[device.Joints.Length];
        pose = new double[device.Joints.Length];
        identify = new IdentifyMotion(device.Joints);
        schedule = new ReadingSchedule(rate, device.Settings.StateRateHz ?? DeviceSettings.FollowerStateRateHz);
        diagnostics = new ArmDiagnostics(device);
    }

    public void Run(FeetechBus bus, Action running, CancellationToken cancellation)
    {
        device.Status.SetState(DeviceState.Connecting);
        // Its disposal takes the torque off in one broadcast write when the loop fails.
        using var started = new FollowerArm(bus, setup.Calibrate(bus, cancellation)) { IsFree = isTorqueOff };
        arm = started;
        try
        {
            Begin(setup.Start(arm, cancellation), cancellation);
            running();
            using var timer = TickTimer.Every(period);
            while (true)
                Tick(timer.Next(cancellation), cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            End();
            throw;
        }
    }

    /// <summary>Leaves the arm as it is configured. One that is stopped is held, one whose torque is off stays without.</summary>
    private void End()
    {
        if (isTorqueOff)
            return;
        var atEnd = device.Settings.AtEnd ?? (device.Settings.RestPose is null ? AtEnd.Hold : AtEnd.Park);
        var held = device.Stops.IsLatched ? "a stop is latched"
            : atEnd == AtEnd.Release ? null
            : arm.Ready.IsEmpty ? "it had not started"
            : atEnd == AtEnd.Hold ? "at_end; with a rest_pose it would be parked"
            : TryPark() ? null
            : "it was stopped, or did not reach its rest_pose in time";
        if (held is null)
            return;
        arm.KeepsTorque = true;
        LogHeldAtEnd(device.Name, held);
        if (arm.Ready.IsEmpty)
            return;
        // A joint that just missed an answer gets its goal once its torque is known.
        using var timeout = new CancellationTokenSource(HoldTimeout, time);
        do
            HoldWhereItStands(timeout.Token);
        while (!arm.TryWriteGoals(law.Goals, timeout.Token) && !timeout.IsCancellationRequested);
    }

    /// <returns>Whether it has come to rest; not when a stop is made meanwhile, or something is in its way.</returns>
    private bool TryPark()
    {
        using var parking = new CancellationTokenSource(ParkTimeout, time);
        var timeout = parking.Token;
        device.Status.SetState(DeviceState.Parking);
        double[] rest = [.. device.Joints.Select(joint => device.Settings.RestPose![joint.Name])];
        try
        {
            HoldWhereItStands(timeout);
            using var timer = TickTimer.Every(period);
            while (!law.IsComplete || !IsAt(rest))
            {
                timer.Next(timeout);
                if (device.Stops.IsLatched)
                    return false;
                var now = time.Now();
                law.Command(rest, now.Unix, approaches: true, now);
                Write(now, law.Step(now), timeout);
                Read(timeout);
            }

            return true;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return false;
        }
    }

    // A joint without a reading may be anywhere.
    private bool IsAt(ReadOnlySpan<double> rest)
    {
        for (var joint = 0; joint < rest.Length; joint++)
        {
            if (!(Math.Abs(pose[joint] - rest[joint]) <= RestTolerance))
                return false;
        }

        return true;
    }

    private void StartAgain(CancellationToken cancellation) => Begin(setup.StartAgain(arm, cancellation), cancellation);

    private void Begin(ArmStartupReport start, CancellationToken cancellation)
    {
        diagnostics.Begin(start);
        protection.Begin();
        for (var joint = 0; joint < ArmJoint.Count; joint++)
            ReportLoad(joint);
        law = new ControlLaw(Limits(), RobotTiming.Default, 2 * period);
        HoldWhereItStands(cancellation);
    }

    private void Tick(in Tick tick, CancellationToken cancellation)
    {
        device.Counters.Tick(tick.IsLate);
        var now = time.Now();
        RunBusCommands(now, cancellation);
        UpdateGoals(now, cancellation);
        Write(now, !isPaused && law.Step(now), cancellation);
        Read(cancellation);
        device.Status.SetState(State());
        telemetry.BusTime(time.Now().MicrosecondsSince(now), tag);
    }

    private void UpdateGoals(in Timestamp now, CancellationToken cancellation)
    {
        if (device.Stops.IsLatched != isStopped)
            ToggleStop(cancellation);
        var playing = device.Inbox.Play(now, command, out var played);
        var wasPaused = isPaused;
        isPaused = playing == PlayoutState.Paused && !isTorqueOff && law.Phase != FollowPhase.Holding;
        if (playing == PlayoutState.Playing && !isTorqueOff)
            Take(played, now, cancellation);
        else if (identify.TryNext(now, command))
            law.Command(command, now.Unix, approaches: false, now);
        else if (isPaused && !wasPaused)
            LogHolding(device.Name);
        else if (law.Phase != FollowPhase.Holding && (identify.HasEnded || !isPaused))
            HoldWhereItStands(cancellation);
    }

    private void ToggleStop(CancellationToken cancellation)
    {
        isStopped = !isStopped;
        LogStop(device.Name, isStopped);
        isStopMeasured = !isStopped;
        if (!isStopped)
            return;
        HoldWhereItStands(cancellation);
    }

    private void HoldWhereItStands(CancellationToken cancellation)
    {
        identify.End();
        arm.ReadPose(pose, cancellation);
        law.HoldAt(pose);
        (hasUnfinished, isHoldDue, isPaused) = (false, true, false);
    }

    private void Take(in PlayedPose played, in Timestamp now, CancellationToken cancellation)
    {
        if (played.Last.Epoch != current.Epoch)
            HoldWhereItStands(cancellation);
        identify.End();
        law.Command(command, played.At, played.Approach, now, played.Rate);
        device.Counters.Apply(played.Passed);
        current = played.Last;
        hasUnfinished |= played.Passed > 0;
    }

    private void Write(in Timestamp now, bool moved, CancellationToken cancellation)
    {
        var finishes = hasUnfinished && law.IsComplete;
        if (isTorqueOff || !(moved || finishes || isHoldDue || now.IsPast(lastWrite, MaxSilence)))
            return;
        var isWritten = arm.TryWriteGoals(law.Goals, cancellation);
        lastWrite = now;
        // A hold is written until every joint has it, where the arm stands by then.
        if (isHoldDue && !isWritten)
            HoldWhereItStands(cancellation);
        else
            isHoldDue = false;
        if (isStopped && !isStopMeasured && isWritten)
            telemetry.Held(device.Stops.Elapsed, tag);
        isStopMeasured |= isWritten;
        if (finishes)
            Finish(time.Now());
    }

    private void Finish(in Timestamp written)
    {
        hasUnfinished = false;
        finished = current;
        finishedAt = written;
        telemetry.Lag(written.Unix - current.CapturedAt, tag);
    }

    private void RunBusCommands(in Timestamp now, CancellationToken cancellation)
    {
        while (device.BusCommands.TryTake(out var command))
            device.BusCommands.Reply(command, Execute(command.Message, now, cancellation));
    }

    private string? Execute(ControlMessage message, in Timestamp now, CancellationToken cancellation)
    {
        switch (message)
        {
            case { Op: ControlOp.Torque, On: true }:
                arm.IsFree = false;
                StartAgain(cancellation);
                isTorqueOff = false;
                return null;
            case { Op: ControlOp.Torque, On: false }:
                DisableTorque();
                return null;
            case { Op: ControlOp.Torque }:
                return "on is missing; say true or false";
            case { Op: ControlOp.Identify } when isStopped || isTorqueOff || law.Phase != FollowPhase.Holding:
                return $"'{device.Name}' identifies itself only while it holds; it is {State().Name()}";
            case { Op: ControlOp.Identify }:
                identify.Begin(law.Goals, now);
                return null;
            case { Op: ControlOp.Recover }:
                return Recover(message.Joint, now, cancellation);
            default:
                return $"a follower's bus does not know {message.Op}";
        }
    }

    private void DisableTorque()
    {
        arm.IsFree = true;
        arm.TryTorqueOff();
        law.Hold();
        identify.End();
        (isTorqueOff, hasUnfinished) = (true, false);
    }

    private void Read(CancellationToken cancellation)
    {
        switch (schedule.Next())
        {
            case BusRead.Pose:
                Publish(cancellation);
                break;
            case BusRead.Health:
                arm.ReadHealth(health, cancellation);
                diagnostics.Measure(health);
                if (!isStopped && !isTorqueOff)
                    Protect(cancellation);
                break;
            case BusRead.Torque when !isTorqueOff:
                RestoreTorque(cancellation);
                break;
        }
    }

    private void Protect(CancellationToken cancellation)
    {
        var now = time.Now();
        for (var joint = 0; joint < ArmJoint.Count; joint++)
        {
            var action = protection.Observe(joint, health[joint], arm.OverloadTorque(joint), now);
            if (action == ProtectionAction.None)
                continue;
            Protect(joint, action, cancellation);
            ReportLoad(joint);
            LogProtected(device.Name, ArmJoint.All[joint], action, health[joint].LoadPercent, health[joint].Celsius);
        }
    }

    private void Protect(int joint, ProtectionAction action, CancellationToken cancellation)
    {
        switch (action)
        {
            case ProtectionAction.Ease:
                Ease(joint, cancellation);
                break;
            case ProtectionAction.Restore:
                arm.TryLimitTorque(joint, limit: null, cancellation);
                break;
            case ProtectionAction.Hold:
                arm.Hold(joint, cancellation);
                break;
            case ProtectionAction.Recover:
                TryRecover(joint, cancellation);
                break;
            case ProtectionAction.Resume:
                Resume(joint, cancellation);
                break;
        }
    }

    private string? Recover(string? name, in Timestamp now, CancellationToken cancellation)
    {
        var joint = ArmJoint.All.ToList().FindIndex(candidate => candidate.Name == name);
        if (joint < 0)
            return $"'{device.Name}' has no joint '{name}'; its joints are {string.Join(", ", ArmJoint.All)}";
        if (isStopped || isTorqueOff)
            return $"'{device.Name}' is {State().Name()}; {(isStopped ? "reset its stop" : "turn its torque on")} first";
        if (!TryRecover(joint, cancellation))
            return $"{name} does not recover; take the load away, check its cable, and try again";
        protection.Begin(joint, now);
        ReportLoad(joint);
        return null;
    }

    private bool TryRecover(int joint, CancellationToken cancellation)
    {
        var isRecovered = arm.TryRecover(joint, cancellation);
        if (isRecovered)
            Resume(joint, cancellation);
        return isRecovered;
    }

    private void Resume(int joint, CancellationToken cancellation)
    {
        Ease(joint, cancellation);
        arm.Release(joint);
        law.Restart(joint);
    }

    private void Ease(int joint, CancellationToken cancellation) =>
        arm.TryLimitTorque(joint, JointProtection.Eased(arm.OverloadTorque(joint)), cancellation);

    private void ReportLoad(int joint) => device.Status.SetFault($"{ArmJoint.All[joint]} load", protection.Problem(joint));

    /// <summary>Starts the arm again where a servo lost its torque, or came back that was not there at the start.</summary>
    private void RestoreTorque(CancellationToken cancellation)
    {
        var lost = arm.ReadTorqueLost(cancellation);
        if (!restarts.IsDue(lost.Union(arm.Returned), time.Now()) && !(law.Phase == FollowPhase.Holding && setup.HasNewCalibration()))
            return;
        LogRestart(device.Name, lost);
        StartAgain(cancellation);
    }

    private void Publish(CancellationToken cancellation)
    {
        var now = time.Now();
        arm.ReadPose(pose, cancellation);
        isHoldDue |= law.Adopt(pose);
        diagnostics.Observe(arm);
        var flags = (isTorqueOff ? FrameFlags.None : FrameFlags.TorqueOn)
            | (diagnostics.IsMoving ? FrameFlags.Moving : FrameFlags.None)
            | (law.Phase == FollowPhase.Approaching ? FrameFlags.Approach : FrameFlags.None)
            | (device.Status.HasFault ? FrameFlags.Fault : FrameFlags.None);
        var header = new FrameHeader(FrameKind.State, flags, pose.Length, ++sequence, now.Unix, device.Inbox.AnnouncedEpoch, 0);
        device.Publish(header, pose, finished is { } stamp ? EchoOf(stamp, now) : null);
    }

    private FrameEcho EchoOf(in SampleStamp stamp, in Timestamp now) =>
        new(stamp.Sequence, stamp.CapturedAt, (uint)Math.Clamp(now.MicrosecondsSince(finishedAt), 0, uint.MaxValue));

    private DeviceState State() =>
        isStopped ? DeviceState.Stopped
        : isTorqueOff ? DeviceState.TorqueOff
        : isPaused ? DeviceState.Holding
        : law.Phase switch
        {
            FollowPhase.Approaching => DeviceState.Approaching,
            FollowPhase.Tracking => DeviceState.Tracking,
            _ => DeviceState.Holding,
        };

    private ImmutableArray<Joint> Limits() =>
        [.. device.Joints.Select((joint, index) => joint with
        {
            Min = Math.Min(EndOf(index, range => range.RangeMin), EndOf(index, range => range.RangeMax)),
            Max = Math.Max(EndOf(index, range => range.RangeMin), EndOf(index, range => range.RangeMax)),
            MaxVelocity = device.Settings.MaxVelocity ?? joint.MaxVelocity,
        })];

    private double EndOf(int joint, Func<JointCalibration, int> end)
    {
        var range = arm.Calibration.Joints[joint];
        return range.Normalize(end(range), ArmJoint.All[joint].Scale);
    }

    [LoggerMessage(3020, LogLevel.Information, "{Device}: no fresh command; holding its pose")]
    private partial void LogHolding(string device);

    [LoggerMessage(3021, LogLevel.Warning, "{Device}: stop latched: {Stopped}")]
    private partial void LogStop(string device, bool stopped);

    [LoggerMessage(
        3022, LogLevel.Warning, "{Device}: servos lost their torque ({Lost}) or came back, or the calibration is new; starting the arm again from where it stands")]
    private partial void LogRestart(string device, JointSet lost);

    [LoggerMessage(3024, LogLevel.Warning, "{Device}: its agent ends and leaves it holding its pose, torque stays on ({Reason})")]
    private partial void LogHeldAtEnd(string device, string reason);

    [LoggerMessage(3023, LogLevel.Warning, "{Device}: {Joint}: {Action} (load {Load:0} %, {Celsius} °C)")]
    private partial void LogProtected(string device, ArmJoint joint, ProtectionAction action, double load, int celsius);
}

internal enum BusRead : byte
{
    None, // Nothing.
    Pose, // The pose, to be published.
    Health, // Load, voltage, temperature, condition.
    Torque, // Whether torque is on.
}

/// <summary>Spreads the readings over the ticks, one at most in each.</summary>
internal sealed class ReadingSchedule(double rateHz, double poseRateHz)
{
    // Health and torque in turn, five of each per second.
    private const double OthersRateHz = 10;

    private double poseDue = 1;
    private double othersDue;
    private bool isTorqueNext;

    public BusRead Next()
    {
        poseDue += poseRateHz / rateHz;
        othersDue += OthersRateHz / rateHz;
        // Where each tick reads the pose, the others take the place of one now and then.
        if (othersDue >= 1 && (poseDue < 1 || othersDue >= 2))
        {
            othersDue -= Math.Floor(othersDue);
            isTorqueNext = !isTorqueNext;
            return isTorqueNext ? BusRead.Torque : BusRead.Health;
        }

        if (poseDue < 1)
            return BusRead.None;
        poseDue -= Math.Floor(poseDue);
        return BusRead.Pose;
    }
}

/// <summary>How a follower shows which arm it is: its wrist turns a little to and fro, through the control law like any command.</summary>
internal sealed class IdentifyMotion(ImmutableArray<Joint> joints)
{
    private const double Degrees = 3;
    private const double Oscillations = 2;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(2);

    private readonly int joint = Math.Max(0, joints.ToList().FindIndex(candidate => candidate.Name == "wrist_roll"));
    private readonly double[] rest = new double[joints.Length];
    private Timestamp began;
    private bool isRunning;

    /// <summary>Whether the last one ran to its end; until the next call.</summary>
    public bool HasEnded { get; private set; }

    public void Begin(ReadOnlySpan<double> pose, in Timestamp now)
    {
        pose.CopyTo(rest);
        (began, isRunning, HasEnded) = (now, true, false);
    }

    public void End() => (isRunning, HasEnded) = (false, false);

    public bool TryNext(in Timestamp now, Span<double> pose)
    {
        if (!isRunning)
            return false;
        var share = now.MicrosecondsSince(began) / (double)Microseconds.Of(Duration);
        rest.CopyTo(pose);
        if (share < 1)
        {
            pose[joint] += Degrees * Math.Sin(share * Oscillations * 2 * Math.PI);
            return true;
        }

        (isRunning, HasEnded) = (false, true);
        return false;
    }
}
