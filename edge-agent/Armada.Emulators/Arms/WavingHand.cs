namespace Armada.Emulators.Arms;

/// <summary>
/// Waves all joints in sums of two sines, no faster than about 90 degrees a second, and rests for two seconds in every twelve.
/// </summary>
public sealed class WavingHand : IHand
{
    private const double Cycle = 12;
    private const double Moving = 10;

    // Degrees each way, percent for the gripper, and what the pose swings about.
    private static readonly double[] Amplitude = [40, 28, 32, 38, 42, 32];
    private static readonly double[] Center = [0, -20, 15, 5, 0, 45];

    private readonly (double Slow, double Fast, double SlowPhase, double FastPhase)[] waves;

    /// <param name="seed">Another seed, another motion.</param>
    public WavingHand(int seed = 1)
    {
        var random = new Random(seed);
        waves = new (double, double, double, double)[Amplitude.Length];
        for (var i = 0; i < waves.Length; i++)
        {
            waves[i] = (
                2 * Math.PI * (0.09 + (0.04 * random.NextDouble())),
                2 * Math.PI * (0.17 + (0.06 * random.NextDouble())),
                2 * Math.PI * random.NextDouble(),
                2 * Math.PI * random.NextDouble());
        }
    }

    /// <inheritdoc/>
    public void Pose(TimeSpan time, Span<double> pose)
    {
        var cycles = Math.Floor(time.TotalSeconds / Cycle);
        var within = time.TotalSeconds - (cycles * Cycle);
        var t = Moving * (cycles + MinimumJerk.At(within / Moving));
        for (var i = 0; i < waves.Length; i++)
        {
            var (slow, fast, slowPhase, fastPhase) = waves[i];
            pose[i] = Center[i] + (Amplitude[i] * ((0.6 * Math.Sin((slow * t) + slowPhase)) + (0.4 * Math.Sin((fast * t) + fastPhase))));
        }
    }
}
