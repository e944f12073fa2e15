using System.Collections.Immutable;
using Armada.Core.Frames;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Testing.Playouts;

namespace Armada.Bench.Network;

/// <summary>The playout and the control law of a follower, run on the arrivals of a recorded run: what the network leaves possible.</summary>
internal static class OfflineLaw
{
    // The trial's clock begins at zero, the record's when the leader has begun to move.
    private const double Ahead = 100;

    private const double Step = 360.0 / 4096;

    private static readonly ImmutableArray<Joint> Joints = [.. RobotModels.So101.Joints.Take(LeaderPath.Joints)];

    public static NetworkFigures Judge(NetworkTrace trace, PlayoutMode mode)
    {
        var goals = new PlayoutTrial(Joints, mode).Run(Arrivals(trace));
        var path = trace.Leader;
        var (holds, before) = (0, PlayoutState.Playing);
        foreach (var goal in goals.Where(goal => goal.At - Ahead > path.CountFrom && goal.At - Ahead < path.CountTo))
        {
            holds += goal.State != PlayoutState.Playing && before == PlayoutState.Playing ? 1 : 0;
            before = goal.State;
        }

        return NetworkFigures.Of(
            [.. goals.Select(goal => new TimedPose(goal.At - Ahead, [.. goal.Pose.Select(degrees => Math.Round(degrees / Step) * Step)]))], path, holds);
    }

    private static List<Arrival> Arrivals(NetworkTrace trace)
    {
        var arrivals = new List<Arrival>();
        ArrivedPose? newest = null;
        foreach (var arrived in trace.Arrivals.Where(arrived => arrived.At > -1))
        {
            // Copies by the second connection, and what they overtook.
            if (newest is not null && (arrived.Epoch != newest.Epoch || (int)(arrived.Sequence - newest.Sequence) <= 0))
                continue;
            newest = arrived;
            arrivals.Add(new Arrival(arrived.At + Ahead, arrived.Captured + Ahead, (arrived.Flags & FrameFlags.KeepAlive) != 0, arrived.Pose));
        }

        return arrivals;
    }
}
