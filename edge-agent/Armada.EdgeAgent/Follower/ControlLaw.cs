using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.EdgeAgent.Follower;

public enum FollowPhase : byte
{
    Holding, // The goals stay until the next command.
    Approaching, // Moving slowly to the first command after a hold.
    Tracking, // Following commands as they come.
}

/// <summary>The goals of a follower's servos, tick by tick: interpolated between commands, within the joints' limits and velocities,
/// and slow at first after every hold. Time comes in, goals go out; there is no clock and no bus inside.</summary>
/// <remarks>
/// A goal begins where the arm really is, even outside the limits, because clamping it there would itself be a jump; from there
/// it only moves inwards.
/// </remarks>
public sealed class ControlLaw
{
    private const double Tolerance = 0.005;

    // A servo's step is 0.088 degrees: there is nothing to interpolate within it.
    private const double MinStep = 0.1;

    // Further than a leader's dead-band and a servo's jitter: commands so far apart come at the master's own rate.
    private const double MovingChange = 0.3;

    private readonly ImmutableArray<Joint> joints;
    private readonly TimeSpan period;
    private readonly double tolerance;
    private readonly VelocityClamp clamp;
    private readonly double[] tracking;
    private readonly double[] approaching;
    private readonly double[] goals;
    private readonly double[] from;
    private readonly double[] target;
    private readonly double[] wanted;
    private readonly double[] before;
    private readonly CommandInterval interval = new(TimeSpan.FromMilliseconds(10));
    private int step;
    private int steps = 1;

    /// <param name="period">Time between two ticks.</param>
    /// <param name="timing">How fast and how close an approach is.</param>
    public ControlLaw(ImmutableArray<Joint> joints, TimeSpan period, RobotTiming timing)
    {
        this.joints = joints;
        this.period = period;
        tolerance = timing.ApproachTolerance;
        clamp = new VelocityClamp(2 * period);
        tracking = [.. joints.Select(joint => joint.MaxVelocity)];
        approaching = [.. joints.Select(joint => Math.Min(joint.MaxVelocity, timing.ApproachVelocity))];
        goals = new double[joints.Length];
        goals.AsSpan().Fill(double.NaN);
        from = [.. goals];
        target = [.. goals];
        wanted = [.. goals];
        before = [.. goals];
    }

    public FollowPhase Phase { get; private set; }

    /// <summary>Where each servo is to go, joint units; NaN for a joint whose position was never read.</summary>
    public ReadOnlySpan<double> Goals => goals;

    /// <summary>Whether the newest command is wholly in the goals.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Holds the arm where it really is, as at its start, after a stop and after lost torque.</summary>
    /// <param name="present">Position of each joint; NaN where there is no reading.</param>
    public void HoldAt(ReadOnlySpan<double> present)
    {
        present.CopyTo(goals);
        Hold();
    }

    /// <summary>Holds the present goals; the next command is approached slowly.</summary>
    public void Hold()
    {
        Phase = FollowPhase.Holding;
        IsComplete = false;
        goals.CopyTo(target, 0);
    }

    /// <summary>Forgets where a joint's goal was: it begins where <see cref="Adopt"/> finds it.</summary>
    public void Restart(int joint) => goals[joint] = double.NaN;

    /// <summary>Begins joints that had no reading so far at their real positions, to approach from there; not the others.</summary>
    public void Adopt(ReadOnlySpan<double> present)
    {
        for (var joint = 0; joint < goals.Length; joint++)
        {
            if (!double.IsNaN(goals[joint]) || !double.IsFinite(present[joint]))
                continue;
            goals[joint] = present[joint];
            from[joint] = present[joint];
            if (Phase == FollowPhase.Tracking)
                Phase = FollowPhase.Approaching;
        }
    }

    /// <summary>Takes a command; its predecessor is given up where the goals have got to.</summary>
    /// <param name="positions">Anything: it is clamped to the limits, and what is not finite leaves its joint where it is.</param>
    public void Command(ReadOnlySpan<double> positions, in Timestamp received, in Timestamp now)
    {
        var (change, way) = Retarget(positions);
        interval.Observe(received, change > MovingChange);
        goals.CopyTo(from, 0);
        step = 0;
        // Rounded down but for a quarter: a command is wholly executed before the next one comes, in spite of jitter.
        steps = (int)Math.Clamp((interval.Estimate / period) + 0.25, 1, Math.Max(1, Math.Ceiling(way / MinStep)));
        IsComplete = false;
        if (Phase != FollowPhase.Holding)
            return;
        Phase = FollowPhase.Approaching;
        clamp.Start(now);
    }

    /// <returns>Whether any of them changed.</returns>
    public bool Step(in Timestamp now)
    {
        if (Phase == FollowPhase.Holding)
            return false;
        step = Math.Min(step + 1, steps);
        var share = step / (double)steps;
        for (var joint = 0; joint < goals.Length; joint++)
            wanted[joint] = share >= 1 ? target[joint] : from[joint] + (share * (target[joint] - from[joint]));
        return Move(now);
    }

    private bool Move(in Timestamp now)
    {
        goals.CopyTo(before, 0);
        clamp.Step(goals, wanted, Phase == FollowPhase.Approaching ? approaching : tracking, now);
        if (Phase == FollowPhase.Approaching && IsWithin(tolerance))
            Phase = FollowPhase.Tracking;
        IsComplete = step == steps && IsWithin(Tolerance);
        return !goals.AsSpan().SequenceEqual(before);
    }

    /// <summary>Sets the target; tells how far it is from the one before, and from the goals.</summary>
    private (double Change, double Way) Retarget(ReadOnlySpan<double> positions)
    {
        var (change, way) = (0.0, 0.0);
        for (var joint = 0; joint < target.Length; joint++)
        {
            var next = JointLimits.Clamp(joints[joint], positions[joint]);
            if (double.IsNaN(next))
                continue;
            // MaxNumber passes over the NaN of a joint that had no target or no reading.
            change = double.MaxNumber(change, Math.Abs(next - target[joint]));
            way = double.MaxNumber(way, Math.Abs(next - goals[joint]));
            target[joint] = next;
        }

        return (change, way);
    }

    private bool IsWithin(double distance)
    {
        for (var joint = 0; joint < goals.Length; joint++)
        {
            if (Math.Abs(target[joint] - goals[joint]) > distance)
                return false;
        }

        return true;
    }
}

/// <summary>How far apart a moving master's commands come. Those of a master at rest, or so slow that its dead-band spaces them, say
/// nothing about that and are left out, so that its next movement is followed as quickly as the last.</summary>
public sealed class CommandInterval(TimeSpan first)
{
    private const double Weight = 0.2;
    private const double LongestMicros = 100_000;

    private double micros = Microseconds.Of(first);
    private Timestamp last;
    private bool wasMoving;

    /// <summary>The estimate, up to 100 ms.</summary>
    public TimeSpan Estimate => Microseconds.ToTimeSpan((long)micros);

    /// <param name="moving">Whether it is well away from the one before.</param>
    public void Observe(in Timestamp received, bool moving)
    {
        if (moving && wasMoving)
            micros += Weight * (Math.Min(received.MicrosecondsSince(last), LongestMicros) - micros);
        last = received;
        wasMoving = moving;
    }
}
