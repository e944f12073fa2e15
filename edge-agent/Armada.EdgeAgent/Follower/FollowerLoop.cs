using System.Collections.Immutable;
using Armada.Core.Control;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Devices.Arms;
using Armada.Devices.Calibration;
using Armada.Devices.ServoBus;
using Armada.Devices.Timing;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Telemetry;
using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Follower;

/// <summary>
/// Drives one follower: each tick takes the newest command, moves the goals, writes them in one sync write, and reads back pose
/// or condition in turn. The only thread that touches the bus.
/// </summary>
internal sealed partial class FollowerLoop : IArmLoop
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMilliseconds(100);

    private readonly Device device;
    private readonly ArmSetup setup;
    private readonly AgentTelemetry telemetry;
    private readonly TimeProvider time;
    private readonly ILogger<FollowerLoop> logger;
    private readonly KeyValuePair<string, object?> tag;
    private readonly TimeSpan period;
    private readonly double[] command;
    private readonly double[] pose;
    private readonly IdentifyMotion nod;
    private FollowerArm arm = null!;
    private ControlLaw law = null!;
    private SampleStamp current;
    private Timestamp lastFresh;
    private Timestamp lastWrite;
    private bool hasUnfinished;
    private bool isStopped;
    private bool isLimp;

    public FollowerLoop(Device device, ArmSetup setup, AgentTelemetry telemetry, TimeProvider time, ILogger<FollowerLoop> logger)
    {
        (this.device, this.setup, this.telemetry, this.time, this.logger) = (device, setup, telemetry, time, logger);
        tag = AgentTelemetry.Tag(device);
        var rate = device.Settings.RateHz ?? DeviceSettings.FollowerRateHz;
        period = TimeSpan.FromSeconds(1 / rate);
        command = new double[device.Joints.Length];
        pose = new double[device.Joints.Length];
        nod = new IdentifyMotion(device.Joints);
        schedule = new ReadingSchedule(rate, device.Settings.StateRateHz ?? DeviceSettings.FollowerStateRateHz);
        condition = new ArmDiagnostics(device);
    }

    /// <inheritdoc/>
    public void Run(FeetechBus bus, Action running, CancellationToken cancellation)
    {
        device.Status.Enter(DeviceState.Connecting);
        // Its disposal takes the torque off in one broadcast write, whatever ends the loop.
        using var started = new FollowerArm(bus, setup.Calibrate(bus, cancellation));
        arm = started;
        var wasLimp = isLimp;
        Begin(setup.Start(arm, cancellation), cancellation);
        if (wasLimp)
            GoLimp();
        running();
        using var metronome = TickTimer.Start(period);
        while (true)
            Tick(metronome.Next(cancellation), cancellation);
    }

    private void StartAgain(CancellationToken cancellation) => Begin(setup.StartAgain(arm, cancellation), cancellation);

    private void Begin(ArmStartupReport start, CancellationToken cancellation)
    {
        condition.Begin(start);
        law = new ControlLaw(Limits(), period, RobotTiming.Default);
        HoldWhereItStands(cancellation);
        isLimp = false;
    }

    private void Tick(in Beat beat, CancellationToken cancellation)
    {
        device.Counters.Tick(beat.IsLate);
        var now = time.Now();
        DoJobs(now, cancellation);
        Steer(now, cancellation);
        Write(now, law.Step(now), cancellation);
        Read(cancellation);
        device.Status.Enter(State());
        telemetry.BusTime((time.Now().Monotonic - now.Monotonic) / 1000.0, tag);
    }

    private void Steer(in Timestamp now, CancellationToken cancellation)
    {
        if (device.Stops.IsLatched != isStopped)
            EnterOrLeaveStop(cancellation);
        if (device.Inbox.TryTake(command, out var stamp, out var received, now) && !isLimp)
            Take(stamp, received, now);
        else if (nod.TryNext(now, command))
            law.Command(command, now, now);
        else if (law.Motion != Motion.Holding && (nod.HasEnded || !device.Inbox.IsOpen || now.IsPast(lastFresh, Watchdog)))
            Hold();
    }

    private void EnterOrLeaveStop(CancellationToken cancellation)
    {
        isStopped = !isStopped;
        LogStop(device.Name, isStopped);
        if (!isStopped)
            return;
        HoldWhereItStands(cancellation);
    }

    private void HoldWhereItStands(CancellationToken cancellation)
    {
        nod.End();
        arm.ReadPose(pose, cancellation);
        law.HoldAt(pose);
        hasUnfinished = false;
    }

    private void Take(in SampleStamp stamp, in Timestamp received, in Timestamp now)
    {
        if (stamp.Epoch != current.Epoch)
            law.Hold();
        nod.End();
        law.Command(command, received, now);
        device.Counters.Apply();
        (current, lastFresh, hasUnfinished) = (stamp, received, true);
    }

    private void Hold()
    {
        law.Hold();
        nod.End();
        hasUnfinished = false;
        LogHolding(device.Name);
    }

    private void Write(in Timestamp now, bool moved, CancellationToken cancellation)
    {
        var finishes = hasUnfinished && law.IsComplete;
        if (isLimp || !(moved || finishes || now.IsPast(lastWrite, LongestSilence)))
            return;
        arm.WriteGoals(law.Goals, cancellation);
        lastWrite = now;
        if (finishes)
            Finish(time.Now());
    }

    private void Finish(in Timestamp written)
    {
        hasUnfinished = false;
        finished = current;
        finishedAt = written;
        telemetry.Lag((written.Unix - current.CapturedAt) / 1000.0, tag);
    }

    private void DoJobs(in Timestamp now, CancellationToken cancellation)
    {
        while (device.Jobs.TryTake(out var message))
            device.Jobs.Answer(message, Do(message, now, cancellation));
    }

    private string? Do(ControlMessage message, in Timestamp now, CancellationToken cancellation)
    {
        switch (message)
        {
            case { Op: ControlOp.Torque, On: true }:
                StartAgain(cancellation);
                return null;
            case { Op: ControlOp.Torque, On: false }:
                GoLimp();
                return null;
            case { Op: ControlOp.Torque }:
                return "on is missing; say true or false";
            case { Op: ControlOp.Identify } when isStopped || isLimp || law.Motion != Motion.Holding:
                return $"'{device.Name}' shows itself only while it holds; it is {State().ToString().ToLowerInvariant()}";
            case { Op: ControlOp.Identify }:
                nod.Begin(law.Goals, now);
                return null;
            default:
                return $"a follower's bus does not know {message.Op}";
        }
    }

    private void GoLimp()
    {
        arm.TryTorqueOff();
        law.Hold();
        nod.End();
        (isLimp, hasUnfinished) = (true, false);
    }

    private DeviceState State() =>
        isStopped ? DeviceState.Stopped
        : isLimp ? DeviceState.Limp
        : law.Motion switch
        {
            Motion.Approaching => DeviceState.Approaching,
            Motion.Tracking => DeviceState.Tracking,
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
}
