using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>
/// The goals of a robot, and the virtual robot that follows them at once: it tracks a leader's pose, or moves by itself towards goals,
/// within limits and velocities.
/// </summary>
internal sealed class VirtualRobot
{
    private readonly ImmutableArray<Joint> joints;
    private readonly VelocityClamp clamp;
    private readonly VelocityClamp tracking;
    private readonly ReadingFilter filter;
    private readonly RobotTiming timing;
    private readonly double[] commanded;
    private readonly long[] commandedAt;
    private readonly double[] pose;
    private readonly long[] poseAt;
    private readonly double[] target;
    private readonly double[] velocities;
    private readonly double[] fastest;
    private readonly double[] before;
    private readonly double[] wanted;
    private Timestamp trackedAt;
    private long? clockOffset;

    /// <param name="model">Its joints.</param>
    /// <param name="timing">For the longest step of its own motion.</param>
    /// <param name="predecessor">Its pose is kept where a joint has the same name and unit; or null.</param>
    public VirtualRobot(RobotModel model, RobotTiming timing, VirtualRobot? predecessor)
    {
        joints = model.Joints;
        this.timing = timing;
        clamp = new VelocityClamp(timing.MaxDriveStep);
        tracking = new VelocityClamp(timing.MaxStep);
        filter = new ReadingFilter(joints, unwraps: true);
        commanded = Unknown();
        pose = Unknown();
        target = Unknown();
        before = Unknown();
        wanted = Unknown();
        commandedAt = new long[joints.Length];
        poseAt = new long[joints.Length];
        velocities = [.. joints.Select(joint => joint.MaxVelocity)];
        fastest = [.. velocities];
        for (var joint = 0; predecessor is not null && joint < joints.Length; joint++)
            Keep(joint, predecessor);
    }

    /// <summary>Within limits; NaN for a joint of which nothing is known.</summary>
    public ReadOnlySpan<double> Pose => pose;

    public ReadOnlySpan<double> Before => before;

    /// <summary>The target of the slaves: its pose, and NaN for a joint without a goal or whose leader has no reading of it.</summary>
    public ReadOnlySpan<double> Wanted => wanted;

    /// <summary>Whether its pose is the one before.</summary>
    public bool IsStill
    {
        get
        {
            for (var joint = 0; joint < pose.Length; joint++)
            {
                if (Math.Abs(pose[joint] - before[joint]) > 0)
                    return false;
            }

            return true;
        }
    }

    /// <summary>Whether its own motion is under way or keeps a pose; not while it tracks a leader.</summary>
    public bool IsDriven { get; private set; }

    /// <summary>Without any goal nothing is commanded.</summary>
    public bool HasGoal => Array.Exists(target, double.IsFinite);

    public bool IsSettled
    {
        get
        {
            for (var joint = 0; joint < pose.Length; joint++)
            {
                if (Math.Abs(target[joint] - pose[joint]) > 0)
                    return false;
            }

            return true;
        }
    }

    /// <summary>Takes a leader's pose; a joint without a reading, or with one that no hand can bring about, stays.</summary>
    /// <returns>Whether a joint goes on elsewhere than it was, so that slaves approach it.</returns>
    public bool Track(ReadOnlySpan<double> positions, long capturedAt, in Timestamp now)
    {
        IsDriven = false;
        pose.CopyTo(before, 0);
        var leaps = filter.Take(positions, capturedAt, wanted);
        for (var joint = 0; joint < pose.Length; joint++)
        {
            wanted[joint] = JointLimits.Clamp(joints[joint], wanted[joint]);
            if (double.IsNaN(wanted[joint]))
                continue;
            (commanded[joint], commandedAt[joint], poseAt[joint]) = (positions[joint], capturedAt, now.Unix);
            if (leaps || double.IsNaN(pose[joint]))
                pose[joint] = wanted[joint];
        }

        // What was missed in a stall is told at once: made up for at the joint's own speed, it would pass for the leader's.
        var passed = Microseconds.ToTimeSpan(now.MicrosecondsSince(trackedAt));
        if (leaps || passed > timing.MaxStep)
            tracking.Start(now, leaps ? default : TimeSpan.FromTicks(Math.Min(passed.Ticks, timing.Lease.Ticks)));
        trackedAt = now;
        tracking.Step(pose, wanted, fastest, now);
        for (var joint = 0; joint < pose.Length; joint++)
            wanted[joint] = double.IsNaN(wanted[joint]) ? double.NaN : pose[joint];
        return leaps;
    }

    /// <summary>Begins its own motion where the real robot is; nothing moves until there is a goal.</summary>
    /// <param name="real">Per joint; NaN to begin where it was, or at rest.</param>
    public void Begin(ReadOnlySpan<double> real, in Timestamp now)
    {
        for (var joint = 0; joint < pose.Length; joint++)
        {
            var start = double.IsFinite(real[joint]) ? real[joint] : double.IsFinite(pose[joint]) ? pose[joint] : joints[joint].Rest;
            pose[joint] = JointLimits.Clamp(joints[joint], start);
            poseAt[joint] = now.Unix;
        }

        Hold();
        clamp.Start(now);
        IsDriven = true;
    }

    /// <summary>Drops all goals, and what is known of a leader.</summary>
    public void Hold()
    {
        filter.Reset();
        target.AsSpan().Fill(double.NaN);
        wanted.AsSpan().Fill(double.NaN);
    }

    public void End()
    {
        Hold();
        IsDriven = false;
    }

    /// <param name="joint">Index.</param>
    /// <param name="value">Finite; clamped to the limits.</param>
    /// <param name="speed">Units per second, or null for the joint's limit.</param>
    /// <param name="duration">Null for as fast as possible.</param>
    public void SetGoal(int joint, double value, double? speed, TimeSpan? duration, in Timestamp now)
    {
        commanded[joint] = value;
        commandedAt[joint] = now.Unix;
        target[joint] = JointLimits.Clamp(joints[joint], value);
        var velocity = Math.Min(joints[joint].MaxVelocity, speed ?? double.PositiveInfinity);
        if (duration is { } time && time > TimeSpan.Zero && Math.Abs(target[joint] - pose[joint]) is var way and > 0)
            velocity = Math.Min(velocity, way / time.TotalSeconds);
        velocities[joint] = velocity;
    }

    /// <summary>Sets the goals of all joints to the present pose of a motion; NaN leaves a joint alone.</summary>
    public void SetGoals(ReadOnlySpan<double> positions, in Timestamp now)
    {
        for (var joint = 0; joint < positions.Length; joint++)
        {
            if (double.IsFinite(positions[joint]))
                SetGoal(joint, positions[joint], null, null, now);
        }
    }

    /// <summary>The time of its own motion, Unix microseconds: a wall clock that is set meanwhile is no part of it.</summary>
    public long CapturedAt(in Timestamp now) => now.Monotonic + (clockOffset ??= now.Unix - now.Monotonic);

    public void Advance(in Timestamp now)
    {
        pose.AsSpan().CopyTo(before);
        for (var joint = 0; joint < pose.Length; joint++)
        {
            if (Math.Abs(target[joint] - pose[joint]) > 0)
                poseAt[joint] = now.Unix;
        }

        clamp.Step(pose, target, velocities, now);
        for (var joint = 0; joint < pose.Length; joint++)
            wanted[joint] = double.IsFinite(target[joint]) ? pose[joint] : double.NaN;
    }

    public JointState State(int joint, double? real, long? realAt, double offset) => new(
        Reading.OrNull(commanded[joint]),
        Time(commandedAt[joint]),
        Reading.OrNull(pose[joint]),
        Time(poseAt[joint]),
        real,
        realAt,
        offset);

    private void Keep(int joint, VirtualRobot predecessor)
    {
        var same = Joint.IndexOfSame(predecessor.joints.AsSpan(), joints[joint]);
        if (same < 0)
            return;
        pose[joint] = JointLimits.Clamp(joints[joint], predecessor.pose[same]);
        poseAt[joint] = predecessor.poseAt[same];
    }

    private static long? Time(long at) => at == 0 ? null : at;

    private double[] Unknown()
    {
        var positions = new double[joints.Length];
        positions.AsSpan().Fill(double.NaN);
        return positions;
    }
}
