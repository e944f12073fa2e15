using System.Diagnostics.CodeAnalysis;
using Armada.Core.Motions;
using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.Tests.Pure.Domain;

/// <summary>A motion of the first joint from one position to another, evenly; of the other joints it says nothing.</summary>
internal sealed record TestMotion(double From, double To, double Seconds, string Name = "wave") : IMotion
{
    public const string Misfit = "shoulder_pan is too slow at 0 ms";

    public bool Fits { get; init; } = true;

    public bool TryFit(RobotModel model, [NotNullWhen(true)] out IMotionTrack? track, [NotNullWhen(false)] out string? misfit)
    {
        track = Fits ? new Track(this) : null;
        misfit = Fits ? null : Misfit;
        return Fits;
    }

    private sealed class Track(TestMotion motion) : IMotionTrack
    {
        public long Duration => Microseconds.Of(TimeSpan.FromSeconds(motion.Seconds));

        public void PoseAt(long at, Span<double> pose) =>
            pose[0] = motion.From + (motion.To - motion.From) * (Duration == 0 ? 1 : at / (double)Duration);
    }
}
