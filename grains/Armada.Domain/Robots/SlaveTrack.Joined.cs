using System.Collections.Immutable;
using Armada.Domain.Time;

namespace Armada.Domain.Robots;

/// <summary>Slaves that live by their connection, not by frames; and what differs between a slave's joints and the robot's.</summary>
internal sealed partial class SlaveTrack
{
    private Tuning tuning;
    private Moment? lastReport;

    /// <summary>Whether a connected party fills it.</summary>
    public bool IsJoined { get; private set; }

    /// <summary>Where its joints really are; NaN where it does not say.</summary>
    public ReadOnlySpan<double> Real => real;

    /// <summary>When that was captured, Unix microseconds of its clock, or null.</summary>
    public long? RealAt => realAt;

    /// <summary>Offset of one joint.</summary>
    public double OffsetOf(int joint) => tuning.OffsetOf(joint);

    /// <summary>A party fills it from now on.</summary>
    public void Join(in Moment now)
    {
        IsJoined = true;
        State = SlaveState.Live;
        reason = null;
        lastAccepted = now;
        real.AsSpan().Fill(double.NaN);
        lastReport = null;
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
    public string? Report(ImmutableArray<JointReading> readings, in Moment now)
    {
        if (readings.IsDefaultOrEmpty || readings.Length > RobotModelRules.MaxJoints)
            return $"a report has 1 to {RobotModelRules.MaxJoints} joints";
        foreach (var reading in readings)
        {
            if (tuning.Find(reading.Joint) < 0)
                return $"{Name} has no joint {reading.Joint}";
            if (!double.IsFinite(reading.Value) || Math.Abs(reading.Value) > RobotModelRules.LargestPosition)
                return $"{reading.Joint}: a position is a number within ±{RobotModelRules.LargestPosition}";
        }

        foreach (var reading in readings)
        {
            var joint = tuning.Find(reading.Joint);
            real[joint] = reading.Value - tuning.OffsetOf(joint);
        }

        lastReport = lastAccepted = now;
        realAt = now.Unix;
        return null;
    }

    /// <summary>Other offsets, names or address; what comes next approaches anew.</summary>
    public void Rebind(SlaveBinding binding)
    {
        Binding = binding;
        tuning = new Tuning(binding, model);
        real.AsSpan().Fill(double.NaN);
        lastReport = null;
        Hold();
    }

    // What was reported is trusted only while it is fresh: the slave may have moved since, as it was commanded to.
    private void StartOpenLoop(ReadOnlySpan<double> start, in Moment now)
    {
        Span<double> present = stackalloc double[real.Length];
        var isFresh = lastReport is { } at && !now.IsPast(at, timing.ReportValid);
        for (var joint = 0; joint < present.Length; joint++)
        {
            present[joint] = isFresh && double.IsFinite(real[joint]) ? real[joint]
                : double.IsFinite(approach.Pose[joint]) ? approach.Pose[joint]
                : double.IsFinite(start[joint]) ? start[joint]
                : model.Joints[joint].Rest;
        }

        approach.Start(present, now);
    }

    /// <summary>A slave's tunes, by the index of the robot's joint.</summary>
    private sealed class Tuning
    {
        private readonly double[]? offsets;
        private readonly double[] sent;
        private readonly RobotModel model;
        private readonly string?[] names;

        public Tuning(SlaveBinding binding, RobotModel model)
        {
            this.model = model;
            names = new string?[model.Joints.Length];
            sent = new double[names.Length];
            foreach (var tune in binding.Tunes)
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

        public ReadOnlySpan<double> ToSlave(ReadOnlySpan<double> pose)
        {
            if (offsets is null)
                return pose;
            for (var joint = 0; joint < sent.Length; joint++)
                sent[joint] = Math.Clamp(pose[joint] + offsets[joint], -RobotModelRules.LargestPosition, RobotModelRules.LargestPosition);
            return sent;
        }

        public void FromSlave(ReadOnlySpan<double> positions, Span<double> real)
        {
            for (var joint = 0; joint < real.Length; joint++)
                real[joint] = positions[joint] - OffsetOf(joint);
        }
    }
}
