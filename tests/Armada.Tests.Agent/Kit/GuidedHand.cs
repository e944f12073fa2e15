using Armada.Emulators.Arms;

namespace Armada.Tests.Agent.Kit;

/// <summary>A hand that holds a pose until the test sends a joint elsewhere.</summary>
internal sealed class GuidedHand(params double[] pose) : IHand
{
    private readonly Lock gate = new();
    private readonly double[] at = [.. pose];
    private readonly double[] to = [.. pose];
    private readonly double[] speeds = new double[pose.Length];
    private TimeSpan last;

    /// <param name="speed">Joint units per second.</param>
    public void Go(int joint, double position, double speed)
    {
        lock (gate)
            (to[joint], speeds[joint]) = (position, speed);
    }

    public void Pose(TimeSpan time, Span<double> pose)
    {
        lock (gate)
        {
            var seconds = (time - last).TotalSeconds;
            last = time;
            for (var joint = 0; joint < at.Length; joint++)
                at[joint] += Math.Clamp(to[joint] - at[joint], -speeds[joint] * seconds, speeds[joint] * seconds);
            at.CopyTo(pose);
        }
    }
}
