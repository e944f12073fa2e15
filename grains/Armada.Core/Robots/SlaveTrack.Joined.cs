using System.Collections.Immutable;
using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>Slaves that live by their connection, not by frames; and what differs between a slave's joints and the robot's.</summary>
internal sealed partial class SlaveTrack
{
    private readonly Timestamp?[] reportedAt;
    private Tuning tuning;

    /// <summary>Whether a connected party fills it.</summary>
    public bool IsJoined { get; private set; }

    /// <summary>Where its joints really are; NaN where it does not say.</summary>
    public ReadOnlySpan<double> Real => real;

    /// <summary>When that was captured, Unix microseconds of its clock, or null.</summary>
    public long? RealAt => realAt;

    /// <summary>Offset of one joint.</summary>
    public double OffsetOf(int joint) => tuning.OffsetOf(joint);

    /// <summary>Where one joint was read to be, or NaN: a device's last frame, or a report that is fresh.</summary>
    public double MeasuredOf(int joint, in Timestamp now) => IsFenced || IsFresh(joint, now) ? real[joint] : double.NaN;

    /// <summary>
    /// Takes the place of another track of the same slave, for other joints, offsets or after a fault: a party that filled it fills this
    /// one, and an open loop is where it was last commanded.
    /// </summary>
    public void Succeed(SlaveTrack before, in Timestamp now)
    {
        for (var joint = 0; joint < sent.Length; joint++)
        {
            if (Robots.Joint.IndexOfSame(before.model.Joints.AsSpan(), model.Joints[joint]) is >= 0 and var same)
                sent[joint] = before.sent[same];
        }

        if (before.IsJoined)
            Join(now);
        if (before.IsOnline == false)
            Fail(before.reason ?? "offline");
        IsOnline = before.IsOnline;
    }

    /// <summary>A party fills it from now on.</summary>
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

    /// <summary>The party is gone.</summary>
    public bool Leave(string why)
    {
        IsJoined = false;
        return Fail(why);
    }

    /// <summary>Its party keeps up or does not; true where that changed.</summary>
    public bool Pace(bool lagging)
    {
        var next = lagging ? SlaveState.Lagging : SlaveState.Live;
        if (!IsJoined || State == next)
            return false;
        State = next;
        return true;
    }

    /// <summary>Its party says where its joints are; the answer is what is wrong with that, or null.</summary>
    public string? Report(ImmutableArray<JointReading> readings, in Timestamp now)
    {
        if (readings.IsDefaultOrEmpty || readings.Length > RobotModelRules.MaxJoints)
            return $"a report has 1 to {RobotModelRules.MaxJoints} joints";
        foreach (var reading in readings)
        {
            if (tuning.Find(reading.Joint) < 0)
                return $"{Name} has no joint {reading.Joint}";
            if (!double.IsFinite(reading.Value) || Math.Abs(reading.Value) > RobotModelRules.MaxPosition)
                return $"{reading.Joint}: a position is a number within ±{RobotModelRules.MaxPosition}";
        }

        foreach (var reading in readings)
        {
            var joint = tuning.Find(reading.Joint);
            real[joint] = reading.Value - tuning.OffsetOf(joint);
            reportedAt[joint] = now;
        }

        lastAccepted = now;
        realAt = now.Unix;
        return null;
    }

    /// <summary>Other offsets, names or address; what comes next approaches anew.</summary>
    public void Rebind(SlaveBinding binding)
    {
        var before = tuning;
        Binding = binding;
        tuning = new Tuning(binding, model);
        for (var joint = 0; joint < real.Length; joint++)
            real[joint] += before.OffsetOf(joint) - tuning.OffsetOf(joint);
        Hold();
    }

    /// <summary>Begins at the last known pose; a joint of which nothing is known begins when it is first wanted.</summary>
    private void BeginOpenLoop(ReadOnlySpan<double> wanted, ReadOnlySpan<double> start, in Timestamp now)
    {
        Span<double> present = stackalloc double[real.Length];
        if (!approach.IsStarted)
        {
            for (var joint = 0; joint < present.Length; joint++)
                present[joint] = IsFresh(joint, now) && !IsOvertaken(joint) ? real[joint] : sent[joint] - tuning.OffsetOf(joint);
            approach.Start(present, now);
        }

        for (var joint = 0; joint < present.Length; joint++)
        {
            present[joint] = !IsUnbegun(joint, wanted[joint]) ? double.NaN
                : double.IsFinite(start[joint]) ? start[joint]
                : model.Joints[joint].Rest;
        }

        approach.Adopt(present);
    }

    private bool IsUnbegun(int joint, double wanted) => !IsFenced && double.IsNaN(approach.Pose[joint]) && double.IsFinite(wanted);

    private bool IsFresh(int joint, in Timestamp now) => reportedAt[joint] is { } at && !now.IsPast(at, timing.ReportValid);

    // Since such a report the joint has moved, as it was commanded to.
    private bool IsOvertaken(int joint) =>
        double.IsFinite(sent[joint]) && lastCommand is { } last && reportedAt[joint] is { } at && at.MicrosecondsSince(last) < 0;

    /// <summary>A slave's tunes, by the index of the robot's joint.</summary>
    private sealed class Tuning
    {
        private readonly double[]? offsets;
        private readonly RobotModel model;
        private readonly string?[] names;

        public Tuning(SlaveBinding binding, RobotModel model)
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

        /// <summary>The robot's joint that the slave calls so, or -1.</summary>
        public int Find(string name)
        {
            var own = Array.IndexOf(names, name);
            return own >= 0 ? own : model.Find(name);
        }

        public void ToSlave(ReadOnlySpan<double> pose, Span<double> sent)
        {
            for (var joint = 0; joint < sent.Length; joint++)
                sent[joint] = Math.Clamp(pose[joint] + OffsetOf(joint), -RobotModelRules.MaxPosition, RobotModelRules.MaxPosition);
        }

        public void FromSlave(ReadOnlySpan<double> positions, Span<double> real)
        {
            for (var joint = 0; joint < real.Length; joint++)
                real[joint] = positions[joint] - OffsetOf(joint);
        }
    }
}
