using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.Core.Routing;

/// <summary>
/// The pose commanded of one arm. It begins at the arm's real pose, approaches the target slowly until every joint is close to it,
/// and tracks from then on ("bumpless"); at no time outside the joints' limits or faster than they may go.
/// </summary>
public sealed class Approach
{
    private readonly ImmutableArray<Joint> joints;
    private readonly double tolerance;
    private readonly VelocityClamp clamp;
    private readonly double[] tracking;
    private readonly double[] approaching;
    private readonly double[] pose;
    private readonly double[] target;

    /// <param name="velocity">Maximum while approaching, units per second.</param>
    /// <param name="tolerance">How close each joint comes before tracking begins, units.</param>
    /// <param name="longestStep">See <see cref="VelocityClamp"/>.</param>
    public Approach(ImmutableArray<Joint> joints, double velocity, double tolerance, TimeSpan longestStep)
    {
        this.joints = joints;
        this.tolerance = tolerance;
        clamp = new VelocityClamp(longestStep);
        tracking = [.. joints.Select(joint => joint.MaxVelocity)];
        approaching = [.. joints.Select(joint => Math.Min(joint.MaxVelocity, velocity))];
        pose = new double[joints.Length];
        target = new double[joints.Length];
        pose.AsSpan().Fill(double.NaN);
    }

    /// <summary>Whether there is a pose; not before <see cref="Start"/> nor after <see cref="End"/>.</summary>
    public bool IsStarted { get; private set; }

    public bool IsApproaching { get; private set; }

    /// <summary>Within limits; NaN for a joint whose real position was never read. Keeps its last value after an end.</summary>
    public ReadOnlySpan<double> Pose => pose;

    /// <summary>Begins at the arm's real pose, with no time saved.</summary>
    /// <param name="present">NaN where there is no reading; a later <see cref="Adopt"/> may bring it.</param>
    public void Start(ReadOnlySpan<double> present, in Timestamp now)
    {
        pose.AsSpan().Fill(double.NaN);
        Adopt(present);
        clamp.Start(now);
        IsStarted = true;
        IsApproaching = true;
    }

    public void End()
    {
        IsStarted = false;
        IsApproaching = false;
    }

    /// <summary>Begins the joints without a reading so far at their real positions, approaching; leaves the others alone.</summary>
    public void Adopt(ReadOnlySpan<double> present)
    {
        for (var joint = 0; joint < pose.Length; joint++)
        {
            if (double.IsNaN(pose[joint]) && double.IsFinite(present[joint]))
            {
                pose[joint] = JointLimits.Clamp(joints[joint], present[joint]);
                IsApproaching = IsStarted;
            }
        }
    }

    /// <param name="wanted">Clamped to the limits; what is not finite leaves its joint where it is.</param>
    /// <exception cref="InvalidOperationException">It was not started.</exception>
    public void Step(ReadOnlySpan<double> wanted, in Timestamp now)
    {
        if (!IsStarted)
            throw new InvalidOperationException("an approach must be started at the arm's real pose before it can move");
        for (var joint = 0; joint < target.Length; joint++)
            target[joint] = JointLimits.Clamp(joints[joint], wanted[joint]);
        clamp.Step(pose, target, IsApproaching ? approaching : tracking, now);
        IsApproaching = IsApproaching && !IsClose();
    }

    private bool IsClose()
    {
        for (var joint = 0; joint < pose.Length; joint++)
        {
            if (Math.Abs(target[joint] - pose[joint]) > tolerance)
                return false;
        }

        return true;
    }
}
