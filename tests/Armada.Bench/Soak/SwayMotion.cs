using System.Diagnostics.CodeAnalysis;
using Armada.Core.Motions;
using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.Bench.Soak;

/// <summary>Sways every joint a little and ends where it began.</summary>
internal sealed class SwayMotion(string name) : IMotion, IMotionTrack
{
    private const double Reach = 10;

    public string Name => name;

    public long Duration => 4 * Microseconds.PerSecond;

    public bool TryFit(RobotModel model, [NotNullWhen(true)] out IMotionTrack? track, [NotNullWhen(false)] out string? misfit)
    {
        (track, misfit) = (this, null);
        return true;
    }

    public void PoseAt(long at, Span<double> pose) => pose.Fill(Reach * (1 - Math.Cos(2 * Math.PI * at / Duration)));
}
