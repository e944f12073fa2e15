using Armada.Devices.Arms;

namespace Armada.Emulators.Arms;

public interface IHand
{
    /// <param name="time">Since it began; never less than at the call before.</param>
    /// <param name="pose">One value for each joint of an SO-101: degrees from the middle, percent for the gripper.</param>
    void Pose(TimeSpan time, Span<double> pose);
}

/// <param name="held">Degrees from the middle, percent for the gripper.</param>
public sealed class StillHand(params double[] held) : IHand
{
    public StillHand()
        : this([.. EmulatedJoint.So101(ArmRole.Leader).Select(j => j.Rest)])
    {
    }

    public void Pose(TimeSpan time, Span<double> pose) => held.CopyTo(pose);
}

/// <summary>A hand that holds a pose until a joint is sent elsewhere. Any thread.</summary>
public sealed class GuidedHand(params double[] pose) : IHand
{
    private readonly Lock gate = new();
    private readonly double[] at = [.. pose];
    private readonly double[] to = [.. pose];
    private readonly double[] speeds = new double[pose.Length];
    private TimeSpan last;

    /// <param name="position">Degrees from the middle, percent for the gripper.</param>
    /// <param name="speed">The same per second.</param>
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

/// <summary>Waves all joints in sums of two sines, no faster than about 90 degrees a second, and rests for two seconds in every
/// twelve.</summary>
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

/// <summary>Teaches a task: goes from pose to pose in minimum-jerk moves of at most 80 degrees a second, pauses, and closes and opens
/// the gripper at every second one.</summary>
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

/// <summary>The way people move: speed and acceleration begin and end at zero (Flash and Hogan, 1985).</summary>
internal static class MinimumJerk
{
    /// <summary>The greatest speed of a move as a multiple of its mean speed.</summary>
    public const double PeakSpeed = 1.875;

    /// <summary>Part of the way after a part of the time, both 0 to 1.</summary>
    public static double At(double time)
    {
        var t = Math.Clamp(time, 0, 1);
        return t * t * t * (10 + (t * ((6 * t) - 15)));
    }
}
