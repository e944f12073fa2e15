using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Devices.Arms;
using Armada.Devices.ServoBus;
using Armada.Devices.Timing;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Telemetry;

namespace Armada.EdgeAgent.Leader;

/// <summary>Reads one leader: a sync read each tick, published from when a joint moves beyond the dead-band until all have rested for a while, and
/// as a keep-alive otherwise. The only thread that touches the bus.</summary>
/// <remarks>
/// A state's capture time is that of the moment before its sync read was sent: no joint was read earlier, so that whatever
/// counts from it counts the bus too. Under the agent's own stop a leader falls silent, and whoever follows it holds.
/// </remarks>
internal sealed class LeaderLoop : IArmLoop
{
    private const double HealthRateHz = 2;

    // Under 100 ms by two ticks, so that there are ten a second even if ticks are late.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromMilliseconds(80);

    // Who moves slower than the dead-band in this time is at rest.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(100);

    private readonly Device device;
    private readonly ArmSetup setup;
    private readonly AgentTelemetry telemetry;
    private readonly TimeProvider time;
    private readonly KeyValuePair<string, object?> tag;
    private readonly TimeSpan period;
    private readonly double deadband;
    private readonly ReadingFilter filter;
    private readonly double[] pose;
    private readonly double[] published;
    private readonly double[] rest;
    private readonly ArmDiagnostics diagnostics;
    private readonly ServoTelemetry[] health = new ServoTelemetry[ArmJoint.Count];
    private readonly int ticksPerHealth;
    private readonly RestartBackoff restarts = new();
    private LeaderArm arm = null!;
    private Timestamp publishedAt;
    private Timestamp movedAt;
    private bool isRead;
    private bool wasMoving;
    private uint publishedEpoch;
    private uint sequence;
    private int ticksToHealth;

    public LeaderLoop(Device device, ArmSetup setup, AgentTelemetry telemetry, TimeProvider time)
    {
        (this.device, this.setup, this.telemetry, this.time) = (device, setup, telemetry, time);
        tag = AgentTelemetry.Tag(device);
        var rate = device.Settings.RateHz ?? DeviceSettings.LeaderRateHz;
        period = TimeSpan.FromSeconds(1 / rate);
        ticksPerHealth = (int)Math.Ceiling(rate / HealthRateHz);
        deadband = device.Settings.DeadbandDeg ?? DeviceSettings.LeaderDeadband;
        filter = new ReadingFilter(device.Joints, unwraps: false);
        pose = new double[device.Joints.Length];
        published = new double[device.Joints.Length];
        rest = new double[device.Joints.Length];
        diagnostics = new ArmDiagnostics(device);
    }

    public void Run(FeetechBus bus, Action running, CancellationToken cancellation)
    {
        device.Status.SetState(DeviceState.Connecting);
        using var started = new LeaderArm(bus, setup.Calibrate(bus, cancellation));
        arm = started;
        diagnostics.Begin(setup.Start(arm, cancellation));
        running();
        published.AsSpan().Fill(double.NaN);
        rest.AsSpan().Fill(double.NaN);
        using var timer = TickTimer.Every(period);
        while (true)
            Tick(timer.Next(cancellation), cancellation);
    }

    private void Tick(in Tick tick, CancellationToken cancellation)
    {
        device.Counters.Tick(tick.IsLate);
        RefuseBusCommands();
        var now = time.Now();
        ReadPose(now, cancellation);
        diagnostics.Observe(arm);
        if (!device.Stops.IsLatched)
            Publish(now);
        if (--ticksToHealth <= 0)
            ReadHealth(cancellation);
        device.Status.SetState(State());
        telemetry.BusTime(time.Now().MicrosecondsSince(now), tag);
    }

    private void ReadPose(in Timestamp now, CancellationToken cancellation)
    {
        arm.ReadPose(pose, cancellation);
        isRead = arm.Missed == arm.Silent;
        for (var joint = 0; joint < pose.Length; joint++)
        {
            // A reading that is repeated for want of one confirms nothing.
            if (arm.Missed.Contains(joint))
                pose[joint] = double.NaN;
        }

        filter.Take(pose, now.Monotonic, pose);
        for (var joint = 0; joint < pose.Length; joint++)
        {
            if (arm.Missed.Contains(joint) && !arm.Silent.Contains(joint))
                pose[joint] = published[joint];
        }
    }

    private void ReadHealth(CancellationToken cancellation)
    {
        ticksToHealth = ticksPerHealth;
        if (restarts.IsDue(arm.Returned, time.Now()) || setup.HasNewCalibration())
            diagnostics.Begin(setup.StartAgain(arm, cancellation));
        arm.ReadHealth(health, cancellation);
        diagnostics.Measure(health);
    }

    private void Publish(in Timestamp now)
    {
        var epoch = device.LeaderStream.Stamp;
        if (epoch != publishedEpoch || HasMoved())
        {
            pose.CopyTo(rest, 0);
            movedAt = now;
        }

        // That it rests is said at once, and then again and again; of an arm that could not be read it is not known.
        var moves = epoch != 0 && (!now.IsPast(movedAt, Rest) || (wasMoving && !isRead));
        if (moves || wasMoving ? !IsDue(now) : !now.IsPast(publishedAt, KeepAlive))
            return;
        var flags = (moves ? FrameFlags.Moving : FrameFlags.KeepAlive) | (device.Status.HasFault ? FrameFlags.Fault : FrameFlags.None);
        device.Publish(new FrameHeader(FrameKind.State, flags, pose.Length, ++sequence, now.Unix, epoch, 0), pose, null);
        pose.CopyTo(published, 0);
        (publishedAt, publishedEpoch, wasMoving) = (now, epoch, moves);
    }

    private bool HasMoved()
    {
        for (var joint = 0; joint < pose.Length; joint++)
        {
            if (double.IsNaN(pose[joint]) != double.IsNaN(rest[joint]) || Math.Abs(pose[joint] - rest[joint]) > deadband)
                return true;
        }

        return false;
    }

    private bool IsDue(in Timestamp now) =>
        device.LeaderStream.RateHz is not { } rate || now.IsPast(publishedAt, TimeSpan.FromSeconds(1 / rate) - (period / 2));

    private DeviceState State() =>
        device.Stops.IsLatched ? DeviceState.Stopped
        : device.LeaderStream.Stamp != 0 ? DeviceState.Streaming
        : DeviceState.Idle;

    private void RefuseBusCommands()
    {
        while (device.BusCommands.TryTake(out var command))
        {
            var done = command.Message is { Op: ControlOp.Torque, On: false };
            device.BusCommands.Reply(
                command,
                done ? null : $"'{device.Name}' is a leader: its torque stays off; move it by hand and watch its state");
        }
    }
}

/// <summary>Whether a leader streams, with which epoch and how fast. Set by one thread at a time, read by the bus's.</summary>
internal sealed class LeaderStream : IStream
{
    private sealed record Grant(uint Epoch, double? RateHz, bool IsRunning);

    private volatile Grant grant = new(0, null, false);

    public uint AnnouncedEpoch => grant.Epoch;

    /// <summary>What to stamp on a state: the epoch while it streams, else 0.</summary>
    public uint Stamp => grant is { IsRunning: true } running ? running.Epoch : 0;

    /// <summary>Most states per second that were asked for; null for every tick.</summary>
    public double? RateHz => grant.RateHz;

    public bool IsBusy(in Timestamp now) => grant.IsRunning;

    public bool TryStart(uint epoch, double? rateHz) => TryChange(new Grant(epoch, rateHz, IsRunning: true));

    public bool TryStop(uint epoch) => TryChange(new Grant(epoch, null, IsRunning: false));

    private bool TryChange(Grant next)
    {
        if (next.Epoch < grant.Epoch)
            return false;
        grant = next;
        return true;
    }
}
