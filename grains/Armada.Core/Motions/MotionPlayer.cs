using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.Core.Motions;

/// <summary>Plays a track: its position advances with the clock, stands still while paused, and can be set.</summary>
/// <param name="longestStep">Maximum advance per step, so that a pause of the process does not skip ahead.</param>
internal sealed class MotionPlayer(IMotionTrack track, bool loop, TimeSpan longestStep)
{
    private readonly long longest = Microseconds.Of(longestStep);
    private IMotionTrack track = track;
    private long position;
    private Timestamp? last;

    public bool Loop => loop;

    public bool IsPaused { get; private set; }

    /// <summary>Whether a stop paused it: then not even the present pose is commanded until it is resumed.</summary>
    public bool IsHalted { get; private set; }

    /// <summary>Whether the end is reached; never for a loop or while paused.</summary>
    public bool IsAtEnd => !loop && !IsPaused && position >= track.Duration;

    public void Begin(ReadOnlySpan<double> pose) => track = track.StartingAt(pose);

    public void Pause() => IsPaused = true;

    public void Resume() => IsPaused = IsHalted = false;

    public void Halt() => IsPaused = IsHalted = true;

    /// <summary>False where the motion has no such position.</summary>
    public bool TrySeek(TimeSpan to)
    {
        if (to < TimeSpan.Zero || Microseconds.Of(to) > track.Duration)
            return false;
        position = Microseconds.Of(to);
        return true;
    }

    /// <summary>Advances to <paramref name="now"/> and gives the pose.</summary>
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
