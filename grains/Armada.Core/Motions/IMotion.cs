using System.Diagnostics.CodeAnalysis;
using Armada.Core.Robots;

namespace Armada.Core.Motions;

/// <summary>A motion that a robot can play as its master: anything that knows its pose at every time of its own.</summary>
/// <remarks>It may be asked of a robot in another process, so it is a value: its public properties are all there is to it.</remarks>
public interface IMotion
{
    /// <summary>Its name, which is the master's.</summary>
    string Name { get; }

    /// <summary>Fits it to a robot's joints.</summary>
    /// <param name="model">The robot.</param>
    /// <param name="track">The motion of these joints.</param>
    /// <param name="misfit">Why the robot cannot play it: the joint, the time and the limit, in words.</param>
    bool TryFit(RobotModel model, [NotNullWhen(true)] out IMotionTrack? track, [NotNullWhen(false)] out string? misfit);
}

/// <summary>A motion fitted to one robot. Pure: the same time gives the same pose.</summary>
public interface IMotionTrack
{
    /// <summary>How long it lasts, microseconds.</summary>
    long Duration { get; }

    /// <summary>The pose at a time of it.</summary>
    /// <param name="at">0 to <see cref="Duration"/>, microseconds.</param>
    /// <param name="pose">One position per joint of the robot; a joint that the motion says nothing of is left as it is.</param>
    void PoseAt(long at, Span<double> pose);

    /// <summary>The same motion for a robot that is in this pose when it begins, so that its first way is taken in its own time.</summary>
    /// <param name="pose">One position per joint; NaN where nothing is known.</param>
    IMotionTrack StartingAt(ReadOnlySpan<double> pose) => this;
}
