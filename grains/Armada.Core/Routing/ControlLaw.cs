using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.Core.Routing;

public enum FollowPhase : byte
{
    Holding, // The goals stay until the next command.
    Approaching, // Some joint moves slowly to where it is commanded.
    Tracking, // Following commands as they come.
}

/// <summary>The goals of an arm that follows commands: within the joints' limits and velocities, slow at first after every hold and
/// wherever the commands leap, and never much faster than their source moves itself. Time comes in, goals go out; there is no clock and
/// no bus inside.</summary>
/// <remarks>
/// A goal begins where the arm really is, even outside the limits, because clamping it there would itself be a jump; from there
/// it only moves inwards.
/// </remarks>
public sealed class ControlLaw
{
    private const double Tolerance = 0.005;

    // What is behind may catch up no faster than 1.5 times the source's speed; the rest is for what is measured wrongly.
    private const double CatchUp = 1.35;

    // Neither so slow a joint nor one so close needs a bound; their speed is not told from a servo's steps and a leader's dead-band.
    private const double MinCatchUp = 10;
    private const double Close = 0.25;

    // Percent: less than a degree of a gripper, and yet nearly all the torque that it is given.
    private const double Grip = 0.75;

    private readonly ImmutableArray<Joint> joints;
    private readonly RobotTiming timing;
    private readonly VelocityClamp clamp;
    private readonly Follower[] followers;
    private readonly double[] velocities;
    private readonly double[] goals;
    private readonly double[] target;
    private readonly double[] before;
    private long lastCapture;
    private double catchUp = CatchUp;
    private bool isHolding = true;

    /// <param name="timing">How fast and how close an approach is.</param>
    /// <param name="longestStep">See <see cref="VelocityClamp"/>.</param>
    public ControlLaw(ImmutableArray<Joint> joints, RobotTiming timing, TimeSpan longestStep)
    {
        (this.joints, this.timing) = (joints, timing);
        clamp = new VelocityClamp(longestStep);
        followers = new Follower[joints.Length];
        velocities = new double[joints.Length];
        goals = new double[joints.Length];
        goals.AsSpan().Fill(double.NaN);
        target = [.. goals];
        before = [.. goals];
    }

    public FollowPhase Phase =>
        isHolding ? FollowPhase.Holding
        : Array.Exists(followers, joint => joint.IsApproaching) ? FollowPhase.Approaching
        : FollowPhase.Tracking;

    /// <summary>Where each joint is to go, joint units; NaN for a joint whose position was never read.</summary>
    public ReadOnlySpan<double> Goals => goals;

    /// <summary>Whether the newest command is wholly in the goals.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>See <see cref="VelocityClamp"/>.</summary>
    public TimeSpan LongestStep
    {
        set => clamp.LongestStep = value;
    }

    /// <summary>After how long without a reading a joint's source is silent.</summary>
    public TimeSpan Watchdog { get; set; } = SourceRate.Watchdog(null);

    /// <summary>Holds the arm where it really is, as at its start, after a stop and after lost torque. What a gripper has in its grip it
    /// keeps there: its goal stays ahead of it, by less than a degree.</summary>
    /// <param name="present">Position of each joint; NaN where there is no reading.</param>
    public void HoldAt(ReadOnlySpan<double> present)
    {
        for (var joint = 0; joint < goals.Length; joint++)
        {
            var grips = joints[joint].Unit == JointUnit.Percent && double.IsFinite(goals[joint]);
            goals[joint] = grips ? present[joint] + Math.Clamp(goals[joint] - present[joint], -Grip, Grip) : present[joint];
        }

        Hold();
    }

    /// <summary>Holds the present goals; the next command is approached slowly.</summary>
    public void Hold()
    {
        isHolding = true;
        IsComplete = false;
        goals.CopyTo(target, 0);
    }

    /// <summary>Forgets where a joint's goal was: it begins where <see cref="Adopt"/> finds it.</summary>
    public void Restart(int joint) => goals[joint] = double.NaN;

    /// <summary>Begins joints that had no reading so far at their real positions, to approach from there; not the others.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Adopt(ReadOnlySpan<double> present)
    {
        var begins = false;
        for (var joint = 0; joint < goals.Length; joint++)
        {
            if (!double.IsNaN(goals[joint]) || !double.IsFinite(present[joint]))
                continue;
            goals[joint] = present[joint];
            followers[joint].IsApproaching = true;
            begins = true;
        }

        return begins;
    }

    /// <summary>Takes a command; its predecessor is given up where the goals have got to.</summary>
    /// <param name="positions">Anything: it is clamped to the limits, and what is not finite leaves its joint where it is.</param>
    /// <param name="capturedAt">Microseconds of its source's clock.</param>
    /// <param name="approaches">Whether joints that are away from where they are commanded are to go there slowly.</param>
    /// <param name="rate">At which the source's motion is played.</param>
    public void Command(ReadOnlySpan<double> positions, long capturedAt, bool approaches, in Timestamp now, double rate = 1)
    {
        var seconds = HandMotion.Interval(lastCapture, capturedAt);
        for (var joint = 0; joint < target.Length; joint++)
        {
            var next = JointLimits.Clamp(joints[joint], positions[joint]);
            if (double.IsNaN(next))
                continue;
            var leaps = isHolding || (approaches && !IsWithin(joint, next, timing.ApproachTolerance)) || Leaps(joint, next, seconds);
            followers[joint].Take(next, leaps, capturedAt, now);
            target[joint] = next;
        }

        (lastCapture, catchUp) = (capturedAt, Math.Max(CatchUp, rate));
        if (isHolding)
            clamp.Start(now);
        isHolding = false;
        IsComplete = false;
    }

    /// <returns>Whether any of them changed.</returns>
    public bool Step(in Timestamp now)
    {
        if (isHolding)
            return false;
        for (var joint = 0; joint < goals.Length; joint++)
        {
            if (followers[joint].FallsSilent(now, Watchdog))
                target[joint] = goals[joint];
            velocities[joint] = followers[joint].Velocity(joints[joint], Math.Abs(target[joint] - goals[joint]), catchUp, timing);
        }

        goals.CopyTo(before, 0);
        clamp.Step(goals, target, velocities, now);
        IsComplete = true;
        for (var joint = 0; joint < goals.Length; joint++)
        {
            followers[joint].IsApproaching &= !IsWithin(joint, target[joint], timing.ApproachTolerance);
            IsComplete &= IsWithin(joint, target[joint], Tolerance);
        }

        return !goals.AsSpan().SequenceEqual(before);
    }

    private bool IsWithin(int joint, double position, double distance) => !(Math.Abs(position - goals[joint]) > distance);

    /// <summary>Whether no hand and no motor brought the source from its last command to this one.</summary>
    private bool Leaps(int joint, double next, double seconds)
    {
        var (unit, fastest) = (joints[joint].Unit, joints[joint].MaxVelocity);
        var reach = HandMotion.Reach(unit, Math.Max(followers[joint].Present, fastest), seconds);
        return followers[joint].IsSilent || !(Math.Abs(next - target[joint]) <= reach);
    }

    /// <summary>What is known of one joint's commands.</summary>
    private struct Follower
    {
        private SourceSpeed source;
        private Timestamp readAt;

        public bool IsApproaching { get; set; }

        /// <summary>Whether its commands had no reading for a while.</summary>
        public bool IsSilent { get; private set; }

        public readonly double Present => source.Present;

        public void Take(double next, bool leaps, long capturedAt, in Timestamp now)
        {
            if (leaps)
                source.Begin(next, capturedAt);
            else
                source.Observe(next, capturedAt);
            IsApproaching |= leaps;
            (readAt, IsSilent) = (now, false);
        }

        /// <summary>Whether it does so now.</summary>
        public bool FallsSilent(in Timestamp now, TimeSpan watchdog)
        {
            if (IsSilent || !now.IsPast(readAt, watchdog))
                return false;
            return IsSilent = true;
        }

        /// <summary>Units per second. An approach is quicker the quicker its source moves, so that it ends.</summary>
        public readonly double Velocity(Joint joint, double way, double catchUp, RobotTiming timing) => Math.Min(
            joint.MaxVelocity,
            IsApproaching ? timing.ApproachVelocity + source.Present
            : way <= Close ? joint.MaxVelocity
            : Math.Max(MinCatchUp, catchUp * source.Peak));
    }
}
