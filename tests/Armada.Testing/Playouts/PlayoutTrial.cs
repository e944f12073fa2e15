using System.Collections.Immutable;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Testing.Playouts;

/// <summary>A sample as it comes to a follower, and goals as they are written. Times are seconds of one clock.</summary>
public sealed record Arrival(double At, double Captured, bool KeepAlive, double[] Pose);

public sealed record Goals(double At, double[] Pose, PlayoutState State);

/// <summary>A follower's playout and control law without arm, bus and network: what comes of given arrivals.</summary>
/// <param name="mode">The follower's setting.</param>
/// <param name="watchdog">Null for that of a source at its usual rate.</param>
public sealed class PlayoutTrial(ImmutableArray<Joint> joints, PlayoutMode mode = PlayoutMode.Quick, TimeSpan? watchdog = null)
{
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);

    public const ushort TimeToLiveMs = 300;

    // A source's clock is another one, seconds.
    private const double ClockOffset = 1_000_000;

    private readonly ControlLaw law = new(joints, RobotTiming.Default, 2 * Tick);
    private readonly double[] pose = new double[joints.Length];
    private uint sequence;

    public Playout Playout { get; } = new(joints, mode) { Watchdog = watchdog ?? SourceRate.Watchdog(null) };

    public ControlLaw Law => law;

    /// <summary>What is played at the last tick.</summary>
    public PlayedPose Played { get; private set; }

    /// <summary>Plays all, from a follower that stands where the source is at first.</summary>
    /// <param name="arrivals">In order of arrival.</param>
    /// <param name="rest">Seconds that it goes on after the last.</param>
    public IReadOnlyList<Goals> Run(IReadOnlyList<Arrival> arrivals, double rest = 0.2)
    {
        var goals = new List<Goals>();
        law.HoldAt(arrivals[0].Pose);
        var (begin, arrived) = (arrivals[0].At, 0);
        for (var tick = 0; ; tick++)
        {
            var at = begin + (tick * Tick.TotalSeconds);
            if (at > arrivals[^1].At + rest)
                return goals;
            for (; arrived < arrivals.Count && arrivals[arrived].At <= at; arrived++)
                Add(arrivals[arrived]);
            goals.Add(Step(at));
        }
    }

    public void Add(Arrival arrival, ushort timeToLiveMs = TimeToLiveMs, bool approach = false) => Playout.Add(
        new SampleStamp(1, ++sequence, (long)((arrival.Captured + ClockOffset) * 1e6), timeToLiveMs, Approach: approach, KeepAlive: arrival.KeepAlive), arrival.Pose, Time(arrival.At));

    public Goals Step(double at)
    {
        var now = Time(at);
        var state = Playout.Play(now, pose, out var played);
        Played = played;
        if (state == PlayoutState.Playing)
            law.Command(pose, played.At, played.Approach, now, played.Rate);
        else if (state == PlayoutState.Idle)
            law.Hold();
        if (state != PlayoutState.Paused)
            law.Step(now);
        return new Goals(at, law.Goals.ToArray(), state);
    }

    private static Timestamp Time(double seconds) => new((long)(seconds * 1e6) + Microseconds.PerSecond, 0);
}
