using Armada.Core.Robots;

namespace Armada.Core.Routing;

/// <summary>Makes a path of the readings of a source. A joint's path goes on over the end of its encoder; a step that no hand can make is
/// left out until a second sample confirms it.</summary>
/// <param name="unwraps">Whether the path counts turns on; otherwise it is the readings themselves.</param>
public sealed class ReadingFilter(ImmutableArray<Joint> joints, bool unwraps)
{
    /// <summary>A joint whose source reads nothing for so long begins anew, microseconds.</summary>
    public const long MaxSilence = 300_000;

    // A reading confirms another if no hand came far between them, seconds.
    private const double MaxConfirmation = 0.05;

    private readonly JointReadings[] states = [.. joints.Select(_ => JointReadings.Unknown)];

    /// <summary>Forgets everything: the next reading of each joint begins its path.</summary>
    public void Reset() => states.AsSpan().Fill(JointReadings.Unknown);

    /// <param name="readings">Not finite where there is none.</param>
    /// <param name="capturedAt">Microseconds of the source's clock.</param>
    /// <param name="path">Joint units; NaN where there is no reading, or none to be trusted yet.</param>
    /// <returns>Whether the path of a joint begins, or goes on elsewhere: it is to be approached.</returns>
    public bool Take(ReadOnlySpan<double> readings, long capturedAt, Span<double> path)
    {
        var begins = false;
        for (var joint = 0; joint < path.Length; joint++)
            path[joint] = Take(ref states[joint], joints[joint].Unit, readings[joint], capturedAt, ref begins);
        return begins;
    }

    private double Take(ref JointReadings joint, JointUnit unit, double reading, long at, ref bool begins)
    {
        if (!double.IsFinite(reading))
        {
            if (Math.Abs(at - joint.At) > MaxSilence)
                joint = JointReadings.Unknown;
            return double.NaN;
        }

        var seconds = HandMotion.Interval(joint.At, at);
        var way = HandMotion.Way(unit, joint.Last, reading);
        if (Math.Abs(way) <= HandMotion.Reach(unit, joint.Speed, seconds))
        {
            joint = new JointReadings(reading, unwraps ? joint.Path + way : reading, Math.Abs(way) / seconds, at, double.NaN, 0);
        }
        else if (double.IsNaN(joint.Last) || IsConfirmed(joint, unit, reading, at))
        {
            joint = new JointReadings(reading, reading, 0, at, double.NaN, 0);
            begins = true;
        }
        else
        {
            joint = joint with { Unconfirmed = reading, UnconfirmedAt = at };
            return double.NaN;
        }

        return joint.Path;
    }

    private static bool IsConfirmed(in JointReadings joint, JointUnit unit, double reading, long at) =>
        Math.Abs(HandMotion.Way(unit, joint.Unconfirmed, reading))
        <= HandMotion.Reach(unit, 0, Math.Min(MaxConfirmation, HandMotion.Interval(joint.UnconfirmedAt, at)));

    /// <param name="Last">The last reading that was believed; NaN before any.</param>
    /// <param name="Unconfirmed">One that was not, and came after it; or NaN.</param>
    private readonly record struct JointReadings(double Last, double Path, double Speed, long At, double Unconfirmed, long UnconfirmedAt)
    {
        public static JointReadings Unknown { get; } = new(double.NaN, double.NaN, 0, 0, double.NaN, 0);
    }
}
