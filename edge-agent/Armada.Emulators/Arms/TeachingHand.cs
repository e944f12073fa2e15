namespace Armada.Emulators.Arms;

/// <summary>
/// Teaches a task: goes from pose to pose in minimum-jerk moves of at most 80 degrees a second, pauses, and closes and opens
/// the gripper at every second one.
/// </summary>
public sealed class TeachingHand : IHand
{
    private const double TopSpeed = 80;
    private const int Gripper = 5;

    // How far from the middle a pose may be, degrees; the gripper's is its opening in percent.
    private static readonly double[] Reach = [60, 45, 45, 50, 70, 60];

    private readonly Random random;
    private readonly double[] from = [0, -60, 55, 25, 0, 60];
    private readonly double[] to = [0, -60, 55, 25, 0, 60];
    private double begin;
    private double length;
    private double pause = 0.5;
    private int moves;

    /// <param name="seed">Another seed, another task.</param>
    public TeachingHand(int seed = 1) => random = new Random(seed);

    /// <inheritdoc/>
    public void Pose(TimeSpan time, Span<double> pose)
    {
        while (time.TotalSeconds >= begin + length + pause)
            Next();
        var part = length > 0 ? MinimumJerk.At((time.TotalSeconds - begin) / length) : 1;
        for (var i = 0; i < to.Length; i++)
            pose[i] = from[i] + (part * (to[i] - from[i]));
    }

    private void Next()
    {
        begin += length + pause;
        to.CopyTo(from, 0);
        moves++;
        if (moves % 2 == 0)
        {
            to[Gripper] = from[Gripper] > 20 ? 2 : Reach[Gripper];
        }
        else
        {
            for (var i = 0; i < Gripper; i++)
                to[i] = Reach[i] * ((2 * random.NextDouble()) - 1);
        }

        var way = 0.0;
        for (var i = 0; i < to.Length; i++)
            way = Math.Max(way, Math.Abs(to[i] - from[i]));
        length = way * MinimumJerk.PeakSpeed / TopSpeed;
        pause = 0.3 + (0.7 * random.NextDouble());
    }
}
