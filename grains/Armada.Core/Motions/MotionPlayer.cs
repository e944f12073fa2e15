using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.Core.Motions;

/// <summary>Plays a track: its own time goes on with the clock, stands still when paused, and is set by seeking.</summary>
/// <param name="track">The motion, fitted to the robot.</param>
/// <param name="loop">Begin again at the end.</param>
/// <param name="longestStep">Most time that one step makes up for; a pause of the process is no license to skip.</param>
internal sealed class MotionPlayer(IMotionTrack track, bool loop, TimeSpan longestStep)
{
    private readonly long longest = Microseconds.Of(longestStep);
    private IMotionTrack track = track;
    private long position;
    private Timestamp? last;

    public bool Loop => loop;

    /// <summary>Whether its time stands still; its pose is kept.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>Whether a stop paused it: not even its present pose is asked for before it is resumed.</summary>
    public bool IsHalted { get; private set; }

    /// <summary>Whether the end is reached and it is over; never of a loop, nor of what may still be resumed.</summary>
    public bool IsAtEnd => !loop && !IsPaused && position >= track.Duration;

    /// <summary>The robot is in this pose when the motion begins.</summary>
    public void Begin(ReadOnlySpan<double> pose) => track = track.StartingAt(pose);

    public void Pause() => IsPaused = true;

    public void Resume() => IsPaused = IsHalted = false;

    /// <summary>A stop came.</summary>
    public void Halt() => IsPaused = IsHalted = true;

    /// <summary>Goes on from a time of the motion; false where it has no such time.</summary>
    public bool TrySeek(TimeSpan to)
    {
        if (to < TimeSpan.Zero || Microseconds.Of(to) > track.Duration)
            return false;
        position = Microseconds.Of(to);
        return true;
    }

    /// <summary>Lets time pass and gives the pose.</summary>
    public void Advance(in Timestamp now, Span<double> pose)
    {
        if (last is { } before && !IsPaused)
            position += Math.Clamp(now.MicrosecondsSince(before), 0, longest);
        last = now;
        if (position > track.Duration)
            position = loop && track.Duration > 0 ? position % track.Duration : track.Duration;
        track.PoseAt(position, pose);
    }

    public PlaySnapshot Snapshot() =>
        new(Microseconds.ToTimeSpan(position), Microseconds.ToTimeSpan(track.Duration), loop, IsPaused);
}
