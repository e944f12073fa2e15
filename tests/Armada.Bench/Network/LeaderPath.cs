using System.Diagnostics;
using Armada.Devices.Arms;
using Armada.Emulators.Arms;

namespace Armada.Bench.Network;

/// <summary>
/// The leader's motion, a function of time alone: a while at 30 degrees a second, then what is counted: five joints in sines with peaks
/// of 30, 60 and 90 degrees a second, then minimum-jerk moves of at most 80 with pauses, as people make them.
/// </summary>
internal sealed class LeaderPath
{
    public const int Joints = 5;

    private const double Ramp = 0.5;
    private const double TopSpeed = 80;
    private const double PeakOfMinimumJerk = 1.875;

    private static readonly double[] Center = [0, -20, 15, 5, 0];
    private static readonly double[] Amplitude = [40, 25, 30, 35, 45];
    private static readonly double[] Phase = [0, 1.3, 2.1, 0.7, 3];
    private static readonly double[] Reach = [60, 45, 45, 50, 70];

    private readonly (double At, double Speed, double Way)[] knots;
    private readonly List<(double Begin, double Length, double[] From, double[] To)> moves = [];
    private readonly double sinesEnd;

    /// <param name="isShort">A sixth of it, for a first look.</param>
    public LeaderPath(bool isShort)
    {
        (CountFrom, var each, var hand, var rest) = isShort ? (5.0, 2.0, 5.0, 1.0) : (18.0, 12.0, 30.0, 2.0);
        sinesEnd = CountFrom + (3 * each) + Ramp;
        CountTo = sinesEnd - Ramp + hand + rest;
        (double At, double Speed)[] course =
        [
            (0, 0), (Ramp, 30), (CountFrom + each, 30), (CountFrom + each + Ramp, 60), (CountFrom + (2 * each), 60),
            (CountFrom + (2 * each) + Ramp, 90), (sinesEnd - Ramp, 90), (sinesEnd, 0),
        ];
        knots = new (double, double, double)[course.Length];
        for (var (knot, way) = (0, 0.0); knot < course.Length; knot++)
        {
            if (knot > 0)
                way += (course[knot].At - course[knot - 1].At) * (course[knot].Speed + course[knot - 1].Speed) / 2;
            knots[knot] = (course[knot].At, course[knot].Speed, way);
        }

        PlanMoves(CountTo - rest);
    }

    /// <summary>Seconds after the motion's begin from which on, and up to which, it is counted.</summary>
    public double CountFrom { get; }

    public double CountTo { get; }

    /// <summary>Where the leader is, degrees.</summary>
    /// <param name="seconds">Since the motion's begin.</param>
    public void At(double seconds, Span<double> pose)
    {
        if (seconds < sinesEnd || moves.Count == 0)
        {
            Sines(Math.Clamp(seconds, 0, sinesEnd), pose);
            return;
        }

        var (begin, length, from, to) = moves.FindLast(move => move.Begin <= seconds) is { To: not null } move ? move : moves[0];
        var t = Math.Clamp((seconds - begin) / length, 0, 1);
        var part = t * t * t * (10 + (t * ((6 * t) - 15)));
        for (var joint = 0; joint < Joints; joint++)
            pose[joint] = from[joint] + (part * (to[joint] - from[joint]));
    }

    /// <summary>Degrees per second of the fastest joint.</summary>
    public double Speed(double seconds)
    {
        Span<double> before = stackalloc double[Joints];
        Span<double> after = stackalloc double[Joints];
        At(seconds - 0.005, before);
        At(seconds + 0.005, after);
        var speed = 0.0;
        for (var joint = 0; joint < Joints; joint++)
            speed = Math.Max(speed, Math.Abs(after[joint] - before[joint]) / 0.01);
        return speed;
    }

    private void Sines(double seconds, Span<double> pose)
    {
        var knot = Math.Max(1, Array.FindIndex(knots, candidate => candidate.At >= seconds));
        var (at, speed, way) = knots[knot - 1];
        var slope = (knots[knot].Speed - speed) / (knots[knot].At - at);
        way += ((seconds - at) * speed) + (slope * (seconds - at) * (seconds - at) / 2);
        for (var joint = 0; joint < Joints; joint++)
            pose[joint] = Center[joint] + (Amplitude[joint] * Math.Sin(Phase[joint] + (way / Amplitude[joint])));
    }

    private void PlanMoves(double end)
    {
        var random = new Random(1);
        var from = new double[Joints];
        Sines(sinesEnd, from);
        for (var begin = sinesEnd + 0.5; ;)
        {
            double[] to = [.. Reach.Select(reach => reach * ((2 * random.NextDouble()) - 1))];
            var length = from.Zip(to, (a, b) => Math.Abs(a - b)).Max() * PeakOfMinimumJerk / TopSpeed;
            if (begin + length > end)
                return;
            moves.Add((begin, length, from, to));
            begin += length + 0.3 + (0.7 * random.NextDouble());
            from = to;
        }
    }
}

/// <summary>The hand that leads an emulated arm along the path, and knows when it began.</summary>
internal sealed class LeadingHand(LeaderPath path) : IHand
{
    private readonly double[] rest = [.. EmulatedJoint.So101(ArmRole.Leader).Select(joint => joint.Rest)];
    private TimeSpan? begin;
    private long earliest = long.MaxValue;
    private volatile bool hasBegun;

    /// <summary>From the arm's next tick on it moves.</summary>
    public void Begin() => hasBegun = true;

    /// <summary>
    /// When it began, as <see cref="Stopwatch.GetTimestamp"/>. The arm is moved up to the present before each answer on its bus, so that its
    /// least distance from the clock is none.
    /// </summary>
    public long Begun => begin is { } time ? Volatile.Read(ref earliest) + (time.Ticks * Stopwatch.Frequency / TimeSpan.TicksPerSecond) : long.MaxValue;

    public void Pose(TimeSpan time, Span<double> pose)
    {
        if (time > TimeSpan.Zero) // At zero an arm is made, whose time begins later.
            earliest = Math.Min(earliest, Stopwatch.GetTimestamp() - (time.Ticks * Stopwatch.Frequency / TimeSpan.TicksPerSecond));
        if (hasBegun)
            begin ??= time;
        rest.CopyTo(pose);
        path.At(begin is { } started ? (time - started).TotalSeconds : 0, pose);
    }
}
