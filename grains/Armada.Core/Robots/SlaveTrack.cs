using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Core.Robots;

internal sealed class SlaveTrack
{
    private readonly RobotTiming timing;
    private readonly ControlLaw law; // Of a slave that approaches nothing by itself.
    private readonly SequenceGate sequence = new();
    private readonly FreshnessGate freshness = new();
    private readonly FrameRate rate = new();
    private readonly double[] real;
    private readonly double[] sent; // In the slave's own terms, so that other offsets do not change where it is; NaN before any.
    private readonly double[] command;
    private readonly double[] framed; // As commanded, in the device's order and units.
    private readonly RobotModel model;
    private readonly Timestamp?[] reportedAt;
    private ImmutableArray<string> jointNames;
    private DeviceJoints joints;
    private SlaveJoints jointMap;
    private Timestamp? lastAccepted;
    private Timestamp? lastSent;
    private Timestamp? lastCommand;
    private Timestamp? approachFrom;
    private Timestamp? controlLostAt; // Its second path may bring frames all the same.
    private long? realAt;
    private long? commandedAt;
    private uint lastEpoch;
    private uint commandSequence;
    private long commands;
    private string? reason;
    private bool fault;
    private bool approaches;
    private bool isStill;
    private Timestamp stillFrom;
    private int? misfit;

    public SlaveTrack(SlaveBinding binding, bool isUnbound, RobotModel model, RobotTiming timing)
    {
        Binding = binding;
        IsUnbound = isUnbound;
        (this.model, this.timing) = (model, timing);
        jointMap = new SlaveJoints(binding, model);
        law = new ControlLaw(model.Joints, timing, timing.MaxStep);
        real = new double[model.Joints.Length];
        real.AsSpan().Fill(double.NaN);
        sent = [.. real];
        command = [.. real];
        framed = [.. real];
        joints = new DeviceJoints(model, jointNames, binding.Kind == SlaveKind.MicroPython);
        reportedAt = new Timestamp?[real.Length];
        State = binding.Kind == SlaveKind.MicroPython ? SlaveState.Live : SlaveState.Connecting;
    }

    public SlaveBinding Binding { get; private set; }

    /// <summary>Whether it is bound to nothing and forgotten when it leaves.</summary>
    public bool IsUnbound { get; }

    public string Name => Binding.Name;

    /// <summary>Whether it is a device behind an agent: it takes epochs and stops, and lives by its frames.</summary>
    public bool IsFenced => Binding.Kind == SlaveKind.Device;

    public SlaveState State { get; private set; }

    public bool? IsOnline { get; set; }

    public FrameCounter Frames { get; } = new();

    public bool IsCommanded => State is SlaveState.Live or SlaveState.Lagging;

    /// <summary>Commands of a new epoch count from 1.</summary>
    public void BeginEpoch(in Timestamp now)
    {
        commandSequence = 0;
        MarkSent(now);
    }

    public void MarkSent(in Timestamp now) => lastSent = now;

    public bool MaySend(in Timestamp now) => lastSent is not { } sent || now.IsPast(sent, timing.StreamRetry);

    /// <summary>Ends its commands; the next one is approached again from the real pose.</summary>
    public void Hold()
    {
        law.Hold();
        approachFrom = null;
    }

    public void Arrived(in Timestamp now) => rate.Count(now);

    /// <summary>Whether the device has forgotten its epoch, as after a restart, and restarts its sequence.</summary>
    public bool HasRestarted(in SampleStamp stamp) => stamp.Epoch == 0 && lastEpoch != 0 && !IsLate(stamp);

    /// <summary>Its first path is lost, by which it is stopped; commanded by the second one alone, it fails soon.</summary>
    public void LoseControl(in Timestamp now) => controlLostAt = now;

    public void RegainControl() => controlLostAt = null;

    /// <summary>Checks epoch, sequence and age of a frame.</summary>
    public FrameResult Judge(in SampleStamp stamp, in Timestamp now)
    {
        if (controlLostAt is not null && !IsCommanded)
            return FrameResult.NoControl;
        if (stamp.Epoch < lastEpoch && (stamp.Epoch != 0 || IsLate(stamp)))
            return FrameResult.StaleEpoch;
        if (stamp.Epoch != lastEpoch)
            sequence.Reset();
        lastEpoch = stamp.Epoch;
        return sequence.Pass(stamp.Sequence) is var order and not FrameResult.Accepted ? order
            : freshness.IsFresh(stamp, now, timing.CommandTimeToLiveMs) ? FrameResult.Accepted
            : FrameResult.Expired;
    }

    /// <summary>Takes an accepted frame and returns the state before it.</summary>
    public SlaveState Take(in SampleStamp stamp, ReadOnlySpan<double> positions, in Timestamp now)
    {
        var before = State;
        if (!IsCommanded)
            Hold();
        State = SlaveState.Live;
        reason = null;
        misfit = null;
        lastAccepted = now;
        realAt = stamp.CapturedAt;
        (fault, approaches) = (stamp.Fault, stamp.Approach);
        jointMap.FromSlave(joints.ToRobot(positions, stackalloc double[positions.Length]), real);
        return before;
    }

    /// <summary>True where the state changed.</summary>
    public bool Tick(in Timestamp now)
    {
        if (!IsFenced || !IsCommanded || lastAccepted is not { } last)
            return false;
        if (controlLostAt is { } lost && now.IsPast(lost, timing.ControlGrace))
            return Fail("reached by its second path only, by which no stop comes");
        if (now.IsPast(last, timing.SlaveLost))
            return Fail($"silent for {timing.SlaveLost.TotalSeconds:0.###} s");
        if (State == SlaveState.Lagging || !now.IsPast(last, timing.SlaveLagging))
            return false;
        State = SlaveState.Lagging;
        return true;
    }

    /// <summary>Out of service until an accepted frame comes. False where it was so already, for the same reason.</summary>
    public bool Fail(string why)
    {
        if (State == SlaveState.Failed && reason == why)
            return false;
        State = SlaveState.Failed;
        reason = why;
        lastEpoch = 0;
        sequence.Reset();
        freshness.Reset();
        Hold();
        return true;
    }

    /// <summary>Whether its number of joints differs from the robot's and was not reported yet; it may keep sending.</summary>
    public bool IsNewMisfit(int joints)
    {
        var isNew = misfit != joints;
        misfit = joints;
        return isNew;
    }

    /// <summary>The next command towards a target; its positions are <see cref="Pose"/>.</summary>
    /// <param name="start">Where an open loop begins that knows nothing better: the virtual robot before this target.</param>
    /// <param name="leaps">Whether the target goes on elsewhere than it was.</param>
    /// <param name="still">Whether the target rests.</param>
    /// <param name="interval">Microseconds between two targets; null where that is not known.</param>
    public SampleStamp Command(
        ReadOnlySpan<double> wanted, ReadOnlySpan<double> start, bool leaps, bool still, uint epoch, long capturedAt, double? interval, in Timestamp now)
    {
        if (leaps || approachFrom is null || BeginsJoint(wanted))
            approachFrom = now;
        if (IsFenced)
        {
            jointMap.ToSlave(wanted, command);
        }
        else
        {
            BeginOpenLoop(wanted, start, now);
            law.LongestStep = LongestStep(interval, now);
            law.Command(wanted, capturedAt, leaps, now);
            law.Step(now);
            jointMap.ToSlave(law.Goals, command);
        }

        for (var joint = 0; joint < command.Length; joint++)
            sent[joint] = double.IsNaN(command[joint]) ? sent[joint] : command[joint];
        commands++;
        commandedAt = now.Unix;
        if (still && !isStill)
            stillFrom = now;
        (lastCommand, isStill) = (now, still);
        return new SampleStamp(
            epoch, ++commandSequence, capturedAt, timing.CommandTimeToLiveMs, Approach: IsFenced && IsToApproach(now), KeepAlive: still);
    }

    /// <summary>The last command, with the slave's offsets, as its frames have it; NaN for a joint that is to stay.</summary>
    public ReadOnlySpan<double> Pose => Binding.IsDevice ? joints.ToDevice(command, framed) : command;

    /// <summary>Why its joints are not those of the robot; or null.</summary>
    public string? JointProblem => Binding.IsDevice ? joints.Problem : null;

    /// <summary>Takes the joints that the device says it has, in the order of its frames. False where they are known.</summary>
    public bool TryTakeJoints(ImmutableArray<string> names)
    {
        if (names.IsDefault || (!jointNames.IsDefault && names.AsSpan().SequenceEqual(jointNames.AsSpan())))
            return false;
        jointNames = names;
        joints = new DeviceJoints(model, names, Binding.Kind == SlaveKind.MicroPython);
        Hold();
        return true;
    }

    /// <summary>Whether the last command is the target already and its slave is there, so that only keep-alives are due.</summary>
    public bool HasReached(ReadOnlySpan<double> wanted, in Timestamp now)
    {
        if (approachFrom is null || IsApproaching(now))
            return false;
        for (var joint = 0; joint < wanted.Length; joint++)
        {
            if (double.IsFinite(wanted[joint]) && jointMap.ToSlave(joint, wanted[joint]) != sent[joint])
                return false;
        }

        return true;
    }

    /// <summary>Whether one that has reached its target has also played its way there.</summary>
    public bool HasSettled(in Timestamp now) => !IsFenced || (isStill && now.IsPast(stillFrom, timing.Settle));

    /// <summary>Whether a slave that has reached its target is due to be told so, for the first time or again.</summary>
    public bool IsKeepAliveDue(in Timestamp now) => (IsFenced && !isStill) || lastCommand is not { } last || now.IsPast(last, timing.KeepAlive);

    public SlaveSnapshot Snapshot(bool stopped, in Timestamp now)
    {
        var joints = new JointPose[real.Length];
        for (var joint = 0; joint < joints.Length; joint++)
            joints[joint] = new JointPose(Reading.OrNull(CommandedOf(joint)), Reading.OrNull(real[joint]));
        return new SlaveSnapshot(
            Binding,
            stopped && IsCommanded ? SlaveState.Stopped : State,
            reason,
            IsApproaching(now),
            lastAccepted is { } last ? Microseconds.ToTimeSpan(now.MicrosecondsSince(last)) : null,
            rate.Read(now),
            fault,
            commands,
            commandedAt,
            realAt,
            [.. joints],
            Frames.Read(sequence.Lost));
    }

    /// <summary>Whether a connected session fills it.</summary>
    public bool IsJoined { get; private set; }

    /// <summary>NaN where it does not say.</summary>
    public ReadOnlySpan<double> Real => real;

    /// <summary>Unix microseconds of its own clock, or null.</summary>
    public long? RealAt => realAt;

    public double OffsetOf(int joint) => jointMap.OffsetOf(joint);

    /// <summary>A device's last reading, or a report that is still fresh; otherwise NaN.</summary>
    public double MeasuredOf(int joint, in Timestamp now) => IsFenced || IsFresh(joint, now) ? real[joint] : double.NaN;

    /// <summary>Takes over from a track of the same slave: the session that fills it, and where an open loop was last commanded.</summary>
    public void Succeed(SlaveTrack before, in Timestamp now)
    {
        for (var joint = 0; joint < sent.Length; joint++)
        {
            if (Robots.Joint.IndexOfSame(before.model.Joints.AsSpan(), model.Joints[joint]) is >= 0 and var same)
                sent[joint] = before.sent[same];
        }

        TryTakeJoints(before.jointNames);
        if (before.IsJoined)
            Join(now);
        if (before.IsOnline == false)
            Fail(before.reason ?? "offline");
        (IsOnline, controlLostAt) = (before.IsOnline, before.controlLostAt);
    }

    public void Join(in Timestamp now)
    {
        IsJoined = true;
        State = SlaveState.Live;
        reason = null;
        lastAccepted = now;
        real.AsSpan().Fill(double.NaN);
        reportedAt.AsSpan().Clear();
        commandSequence = 0;
        Hold();
    }

    public bool Leave(string why)
    {
        IsJoined = false;
        return Fail(why);
    }

    /// <summary>True where the state changed.</summary>
    public bool Pace(bool lagging)
    {
        var next = lagging ? SlaveState.Lagging : SlaveState.Live;
        if (!IsJoined || State == next)
            return false;
        State = next;
        return true;
    }

    /// <summary>Takes the positions its session reports; the answer is what is wrong with them, or null.</summary>
    public string? Report(ImmutableArray<JointReading> readings, in Timestamp now)
    {
        if (readings.IsDefaultOrEmpty || readings.Length > RobotModelRules.MaxJoints)
            return $"a report has 1 to {RobotModelRules.MaxJoints} joints";
        foreach (var reading in readings)
        {
            if (jointMap.Find(reading.Joint) < 0)
                return $"{Name} has no joint {reading.Joint}";
            if (!double.IsFinite(reading.Value) || Math.Abs(reading.Value) > RobotModelRules.MaxPosition)
                return $"{reading.Joint}: a position is a number within ±{RobotModelRules.MaxPosition}";
        }

        foreach (var reading in readings)
        {
            var joint = jointMap.Find(reading.Joint);
            real[joint] = reading.Value - jointMap.OffsetOf(joint);
            reportedAt[joint] = now;
        }

        lastAccepted = now;
        realAt = now.Unix;
        return null;
    }

    /// <summary>Changes offsets, names or address; the next command approaches again.</summary>
    public void Rebind(SlaveBinding binding)
    {
        var before = jointMap;
        Binding = binding;
        jointMap = new SlaveJoints(binding, model);
        for (var joint = 0; joint < real.Length; joint++)
            real[joint] += before.OffsetOf(joint) - jointMap.OffsetOf(joint);
        Hold();
    }

    /// <summary>The time for which one command may make up: about what passes between two, so that those that come at once are no jump.</summary>
    private TimeSpan LongestStep(double? interval, in Timestamp now)
    {
        if (interval is not { } micros)
            return timing.MaxStep;
        var passed = lastCommand is { } last ? now.MicrosecondsSince(last) : 0;
        return Microseconds.ToTimeSpan((long)Math.Max(Math.Min(2 * micros, Microseconds.Of(timing.MaxStep)), Math.Min(passed, 1.25 * micros)));
    }

    // From before its present epoch, by a second path.
    private bool IsLate(in SampleStamp stamp) => stamp.CapturedAt < realAt && sequence.IsRecent(stamp.Sequence);

    private bool BeginsJoint(ReadOnlySpan<double> wanted)
    {
        for (var joint = 0; joint < command.Length; joint++)
        {
            if (double.IsNaN(command[joint]) && double.IsFinite(wanted[joint]))
                return true;
        }

        return false;
    }

    private double CommandedOf(int joint) => sent[joint] - jointMap.OffsetOf(joint);

    /// <summary>Whether its commands tell a device to approach: for a while, because one may be lost.</summary>
    private bool IsToApproach(in Timestamp now) => approachFrom is { } from && !now.IsPast(from, timing.ApproachNotice);

    private bool IsApproaching(in Timestamp now) =>
        IsFenced ? approachFrom is not null && (approaches || IsToApproach(now)) : law.Phase == FollowPhase.Approaching;

    /// <summary>Begins at the last known pose; a joint of which nothing is known begins when it is first wanted.</summary>
    private void BeginOpenLoop(ReadOnlySpan<double> wanted, ReadOnlySpan<double> start, in Timestamp now)
    {
        Span<double> present = stackalloc double[real.Length];
        if (law.Phase == FollowPhase.Holding)
        {
            for (var joint = 0; joint < present.Length; joint++)
            {
                var at = IsFresh(joint, now) && !IsOvertaken(joint) ? real[joint] : CommandedOf(joint);
                present[joint] = JointLimits.Clamp(model.Joints[joint], at);
            }

            law.HoldAt(present);
        }

        for (var joint = 0; joint < present.Length; joint++)
        {
            present[joint] = double.IsNaN(wanted[joint]) ? double.NaN
                : double.IsFinite(start[joint]) ? start[joint]
                : model.Joints[joint].Rest;
        }

        law.Adopt(present);
    }

    private bool IsFresh(int joint, in Timestamp now) => reportedAt[joint] is { } at && !now.IsPast(at, timing.ReportValid);

    // Since such a report the joint has moved, as it was commanded to.
    private bool IsOvertaken(int joint) =>
        double.IsFinite(sent[joint]) && lastCommand is { } last && reportedAt[joint] is { } at && at.MicrosecondsSince(last) < 0;

    /// <summary>A slave's joint mappings by the index of the robot's joint.</summary>
    private sealed class SlaveJoints
    {
        private readonly double[]? offsets;
        private readonly RobotModel model;
        private readonly string?[] names;

        public SlaveJoints(SlaveBinding binding, RobotModel model)
        {
            this.model = model;
            names = new string?[model.Joints.Length];
            foreach (var tune in binding.JointMappings)
            {
                if (model.Find(tune.Joint) is not (>= 0 and var joint))
                    continue;
                names[joint] = tune.Name;
                if (tune.Offset == 0)
                    continue;
                offsets ??= new double[names.Length];
                offsets[joint] = tune.Offset;
            }
        }

        public double OffsetOf(int joint) => offsets is null ? 0 : offsets[joint];

        /// <summary>The robot's joint of a slave's joint name, or -1.</summary>
        public int Find(string name)
        {
            var own = Array.IndexOf(names, name);
            return own >= 0 ? own : model.Find(name);
        }

        public void ToSlave(ReadOnlySpan<double> pose, Span<double> sent)
        {
            for (var joint = 0; joint < sent.Length; joint++)
                sent[joint] = ToSlave(joint, pose[joint]);
        }

        public double ToSlave(int joint, double position) =>
            Math.Clamp(position + OffsetOf(joint), -RobotModelRules.MaxPosition, RobotModelRules.MaxPosition);

        public void FromSlave(ReadOnlySpan<double> positions, Span<double> real)
        {
            for (var joint = 0; joint < real.Length; joint++)
                real[joint] = positions[joint] - OffsetOf(joint);
        }
    }
}
