using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.EdgeAgent.Follower;

/// <summary>How a follower shows which arm it is: its wrist turns a little to and fro, through the control law like any command.</summary>
internal sealed class IdentifyMotion(ImmutableArray<Joint> joints)
{
    private const double Degrees = 3;
    private const double KeyedLock = 2;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(2);

    private readonly int joint = Math.Max(0, joints.ToList().FindIndex(candidate => candidate.Name == "wrist_roll"));
    private readonly double[] rest = new double[joints.Length];
    private Timestamp began;
    private bool isRunning;

    /// <summary>Whether the last one ran to its end; until the next call.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Begins at a pose.</summary>
    public void Begin(ReadOnlySpan<double> pose, in Timestamp now)
    {
        pose.CopyTo(rest);
        (began, isRunning, HasEnded) = (now, true, false);
    }

    /// <summary>Ends it where it is.</summary>
    public void End() => (isRunning, HasEnded) = (false, false);

    /// <summary>The pose for now; false when there is none.</summary>
    public bool TryNext(in Timestamp now, Span<double> pose)
    {
        if (!isRunning)
            return false;
        var share = now.MicrosecondsSince(began) / (double)Microseconds.Of(Duration);
        rest.CopyTo(pose);
        if (share < 1)
        {
            pose[joint] += Degrees * Math.Sin(share * KeyedLock * 2 * Math.PI);
            return true;
        }

        (isRunning, HasEnded) = (false, true);
        return false;
    }
}
