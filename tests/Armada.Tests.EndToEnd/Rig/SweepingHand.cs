using Armada.Emulators.Arms;

namespace Armada.Tests.EndToEnd.Rig;

/// <summary>A hand that never rests, so that a follower that does not move is known to hold. The shoulder pans to and fro; the other joints stay.</summary>
internal sealed class SweepingHand : IHand
{
    /// <summary>Degrees from the middle.</summary>
    public const double Reach = 30;

    /// <summary>Degrees per second.</summary>
    public const double Speed = 20;

    public void Pose(TimeSpan time, Span<double> pose)
    {
        pose.Clear();
        var way = time.TotalSeconds * Speed / Reach % 4;
        pose[0] = Reach * (way < 1 ? way : way < 3 ? 2 - way : way - 4);
    }
}
