using System.Diagnostics.CodeAnalysis;
using Armada.Core.Robots;

namespace Armada.Core.Motions;

/// <summary>A motion that a robot can play as its master: anything that knows its pose at every time of its own.</summary>
/// <remarks>It may be asked of a robot in another process, so it is a value: its public properties are all there is to it.</remarks>
public interface IMotion
{
    /// <summary>The name of the master that it is.</summary>
    string Name { get; }

    /// <param name="misfit">Why the robot cannot play it, naming joint, time and limit.</param>
    bool TryFit(RobotModel model, [NotNullWhen(true)] out IMotionTrack? track, [NotNullWhen(false)] out string? misfit);
}

/// <summary>A motion fitted to one robot. Pure: the same time gives the same pose.</summary>
public interface IMotionTrack
{
    /// <summary>Microseconds.</summary>
    long Duration { get; }

    /// <param name="at">0 to <see cref="Duration"/>, microseconds.</param>
    /// <param name="pose">One position per joint of the robot; a joint that the motion says nothing of is left as it is.</param>
    void PoseAt(long at, Span<double> pose);

    /// <summary>The same motion begun from a pose, so that the first moves take their own time.</summary>
    /// <param name="pose">One position per joint; NaN where unknown.</param>
    IMotionTrack StartingAt(ReadOnlySpan<double> pose) => this;
}
