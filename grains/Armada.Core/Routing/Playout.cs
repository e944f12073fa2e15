using Armada.Core.Control;
using Armada.Core.Robots;
using Armada.Core.Time;

namespace Armada.Core.Routing;

public enum PlayoutState : byte
{
    Idle, // There is no path to play: a master that comes begins with an approach.
    Playing,
    Paused, // Nothing fresh came for a while; what comes goes on where it was.
}

/// <summary>What is played at one tick.</summary>
/// <param name="Last">The newest sample whose time has come, with its own clock's time of the pose that is played.</param>
/// <param name="At">Microseconds that go on as the motion is played, and no slower than ours.</param>
/// <param name="Passed">Samples whose time came since the tick before.</param>
/// <param name="Approach">Whether one of them is to be approached.</param>
/// <param name="Rate">1, and more while it catches up.</param>
public readonly record struct PlayedPose(SampleStamp Last, long At, int Passed, bool Approach, double Rate);

/// <summary>
/// Plays the motion of a source by its times of capture, a little after the samples have come: by as much as the network's delay varies. It goes
/// on for at most 100 ms where samples are missing, blends away what that was wrong by, and catches up along the path where they come late.
/// </summary>
/// <remarks>No clock inside, and no allocation once it is made. Give it only samples that go forward in sequence.</remarks>
public sealed class Playout
{
    /// <summary>A source that is silent for so long is approached when it comes back, microseconds.</summary>
    public const long MaxGap = 2 * Microseconds.PerSecond;

    // Two seconds at 250 samples a second.
    private const int Capacity = 512;

    // A source's clock that goes forward by so much more than ours was set.
    private const long ClockJump = Microseconds.PerSecond;
    private const long MaxCapture = long.MaxValue / 4;

    // What is waited for beyond what the network and the source need.
    private const long Slack = 2_000;
    private const long MaxBridge = 6_000;

    // A source this slow is played by interpolation only.
    private const long MaxBridgedInterval = 20_000;

    // Delay beyond the bound on it: of a source that is slower, one interval.
    private const long MaxUncountedInterval = 10_000;

    // Motion beyond the path's end, and how much of it is slowed down in.
    private const double Horizon = 100_000;
    private const double Plateau = 0.9;

    // What the motion beyond the end was wrong by fades out the slower the longer it was.
    private const double MinBlend = 3_000;
    private const double MaxBlend = 50_000;
    private const double BlendShortening = 0.1;

    // How the rate follows how far it is behind: in so much time it would have caught up, were it not bounded.
    private const double FasterIn = 30_000;
    private const double SlowerIn = 20_000;
    private const double CatchUpTime = 150_000;
    private const double MaxSlowing = 0.12;
    private const double MaxCatchUp = 0.4;
    private const double DelayGrowth = 0.25;
    private const double DelayShrinking = 0.02;
    private const long MaxStep = 100_000;

    // Until so many messages came the delay is taken as it is found; the arm still approaches.
    private const int Young = 16;

    // Slower than this, units per second, nothing is missed.
    private const double MovingSpeed = 5;

    private readonly ImmutableArray<Joint> joints;
    private readonly long maxDelay;
    private readonly NetworkDelay network;
    private readonly SourceInterval interval = new();
    private readonly Frame[] frames = new Frame[Capacity];
    private readonly double[] positions;
    private readonly JointReading[] newestReadings;
    private readonly JointReading[] playedReadings;
    private readonly double[] path;
    private readonly double[] speeds;
    private readonly Blend[] blends;

    // Frames are numbered as they come; a number's place in the ring is its rest.
    private long oldest;
    private long next;
    private long playable = -1;
    private long played = -1;

    private long shift;
    private long lastCapture = -1;
    private long lastAt;
    private Timestamp lastReceived;
    private long movedAt;
    private long messageAt;
    private int messages;
    private Timestamp liveAt;
    private Timestamp steppedAt;
    private bool isQuiet;
    private bool isChanged;
    private bool isPlaying;
    private bool isMissing;
    private bool isBehind;
    private double position;
    private double motionTime;
    private double rate = 1;
    private double delay;
    private double beyond;
    private double blendTime;
    private long underruns;
    private long catchUps;

    public Playout(ImmutableArray<Joint> joints, PlayoutMode mode)
    {
        this.joints = joints;
        (maxDelay, var share) = mode switch
        {
            PlayoutMode.Smooth => (300_000, 0.98),
            PlayoutMode.Balanced => (200_000, 0.9),
            _ => (100_000, 0.5),
        };
        network = new NetworkDelay(share);
        positions = new double[Capacity * joints.Length];
        newestReadings = new JointReading[joints.Length];
        playedReadings = new JointReading[joints.Length];
        path = new double[joints.Length];
        speeds = new double[joints.Length];
        blends = new Blend[joints.Length];
        Clear();
    }

    /// <summary>How much later than the fastest sample comes its pose is played, microseconds.</summary>
    public double Delay => delay;

    /// <summary>The longest wait for a fresh reading; then it pauses.</summary>
    public TimeSpan Watchdog { get; set; } = SourceRate.Watchdog(null);

    /// <summary>Another master begins, with another clock.</summary>
    public void Restart()
    {
        Clear();
        network.Reset();
        interval.Reset();
        (shift, lastCapture, messages) = (0, -1, 0);
    }

    /// <summary>Forgets the path; the next sample begins another, from the same source.</summary>
    public void Clear()
    {
        newestReadings.AsSpan().Fill(JointReading.None);
        playedReadings.AsSpan().Fill(JointReading.None);
        blends.AsSpan().Clear();
        path.AsSpan().Fill(double.NaN);
        oldest = next;
        (playable, played, movedAt, isPlaying, isQuiet, isChanged) = (-1, -1, long.MinValue / 2, false, false, false);
    }

    /// <param name="readings">Joint units; not finite where there is none.</param>
    /// <returns>Whether it is younger than its time to live. What is older is path, and never where the path ends.</returns>
    public bool Add(in SampleStamp stamp, ReadOnlySpan<double> readings, in Timestamp received)
    {
        var isNewMessage = lastCapture < 0 || received.Monotonic != lastReceived.Monotonic;
        var previousAt = lastAt;
        var at = TimeOf(stamp.CapturedAt, received);
        var isFresh = network.Observe(at, received) is var age && (stamp.TimeToLiveMs == 0 || age < stamp.TimeToLiveMs * 1000L);
        if (isNewMessage)
            BeginMessage(previousAt);
        if (isFresh && HasReading(readings))
            liveAt = received;
        // Between two samples of a slow source nothing moves; its path goes on evenly nevertheless.
        if (stamp.KeepAlive && next > oldest && at - movedAt < 3 * interval.Estimate / 2)
        {
            (isQuiet, isChanged) = (true, true);
            return isFresh;
        }

        isQuiet = stamp.KeepAlive;
        if (!stamp.KeepAlive)
            movedAt = at;
        Append(stamp, at, readings);
        if (isFresh)
            (playable, isChanged) = (next - 1, true);
        return isFresh;
    }

    /// <param name="pose">Joint units; NaN for a joint that stays where it is.</param>
    public PlayoutState Play(in Timestamp now, Span<double> pose, out PlayedPose result)
    {
        result = default;
        if (playable < 0)
            return PlayoutState.Idle;
        var silence = now.MicrosecondsSince(liveAt);
        if (silence >= MaxGap)
            Clear();
        if (silence >= Microseconds.Of(Watchdog))
        {
            steppedAt = now;
            return silence >= MaxGap ? PlayoutState.Idle : PlayoutState.Paused;
        }

        var passed = 0;
        var approach = false;
        if (!isPlaying)
            Begin(now, ref approach);
        var elapsed = Math.Clamp(now.MicrosecondsSince(steppedAt), 0, MaxStep);
        steppedAt = now;
        passed += PassAll(ref approach);
        BlendIn();
        Advance(now, elapsed);
        passed += PassAll(ref approach);
        for (var joint = 0; joint < pose.Length; joint++)
        {
            var at = PathOf(joint, out speeds[joint]);
            // A joint that is not read stays; when it is again, it goes on from there.
            blends[joint].IsUnread = double.IsNaN(at);
            path[joint] = double.IsNaN(at) ? path[joint] : at;
            pose[joint] = at + blends[joint].Step(elapsed, blendTime);
        }

        ref readonly var last = ref FrameAt(played);
        var sourceTime = (long)position + last.Stamp.CapturedAt - last.At;
        result = new PlayedPose(last.Stamp with { CapturedAt = sourceTime }, (long)motionTime, passed, approach, rate);
        return PlayoutState.Playing;
    }

    /// <summary>Null where nothing is played.</summary>
    public PlayoutReport? Report() => !isPlaying ? null : new PlayoutReport(
        Milliseconds(network.Median),
        Milliseconds(network.Percentile95),
        Milliseconds(delay),
        Math.Round(rate, 2),
        underruns,
        catchUps,
        $"network +{delay / 1000:0} ms");

    private static double Milliseconds(double microseconds) => Math.Round(microseconds / 1000, 1);

    private static bool HasReading(ReadOnlySpan<double> readings)
    {
        foreach (var reading in readings)
        {
            if (double.IsFinite(reading))
                return true;
        }

        return false;
    }

    private ref Frame FrameAt(long number) => ref frames[number % Capacity];

    private double PositionOf(long number, int joint) => positions[((int)(number % Capacity) * joints.Length) + joint];

    /// <summary>When it was captured, by a clock that goes on evenly: the source's, moved where that was set.</summary>
    private long TimeOf(long capturedAt, in Timestamp received)
    {
        var capture = Math.Clamp(capturedAt, 0, MaxCapture);
        if (lastCapture >= 0)
        {
            var passed = received.MicrosecondsSince(lastReceived);
            if (capture < lastCapture || capture - lastCapture - passed > ClockJump)
            {
                shift = lastAt + Math.Max(passed, interval.Estimate) - capture;
                network.Reset();
            }
        }
        else
        {
            lastAt = capture - 1;
        }

        (lastCapture, lastReceived) = (capture, received);
        return lastAt = Math.Max(capture + shift, lastAt + 1);
    }

    /// <param name="previousAt">The newest sample of the message before.</param>
    private void BeginMessage(long previousAt)
    {
        messages++;
        if (previousAt != movedAt)
            return; // It was a keep-alive.
        interval.Observe(previousAt - messageAt);
        messageAt = previousAt;
    }

    private void Append(in SampleStamp stamp, long at, ReadOnlySpan<double> readings)
    {
        if (next - oldest == Capacity)
            DropOldest();
        // What is to be approached is not where the source went to from the sample before.
        var begins = stamp.Approach && next > oldest && !FrameAt(next - 1).Stamp.Approach;
        var number = next++;
        var leaps = 0u;
        for (var joint = 0; joint < readings.Length; joint++)
        {
            var reading = double.IsFinite(readings[joint]) ? JointLimits.Clamp(joints[joint], readings[joint]) : double.NaN;
            positions[((int)(number % Capacity) * joints.Length) + joint] = reading;
            if (double.IsNaN(reading))
                continue;
            ref var before = ref newestReadings[joint];
            var speed = 0.0;
            if (before.IsKnown)
            {
                var seconds = HandMotion.Interval(before.At, at);
                var reach = HandMotion.Reach(joints[joint].Unit, Math.Max(before.Speed, joints[joint].MaxVelocity), seconds);
                var way = Math.Abs(reading - before.Position);
                var isSilent = before.Frame < number - 1 && at - before.At > ReadingFilter.MaxSilence;
                if (begins || isSilent || way > reach)
                    leaps |= 1u << joint;
                else
                    speed = way / seconds;
            }

            before = new JointReading(reading, at, number, speed);
        }

        FrameAt(number) = new Frame(at, stamp, leaps);
    }

    private void DropOldest()
    {
        if (played == oldest && isPlaying)
        {
            var approach = false;
            Pass(ref approach);
            position = Math.Max(position, FrameAt(played).At);
        }

        oldest++;
        if (playable < oldest)
            playable = oldest;
    }

    private void Begin(in Timestamp now, ref bool approach)
    {
        delay = Wanted();
        position = Math.Min(Target(now), FrameAt(playable).At);
        (isPlaying, isChanged, rate, steppedAt) = (true, false, 1, now);
        played = oldest - 1;
        Pass(ref approach);
    }

    private int PassAll(ref bool approach)
    {
        var passed = 0;
        for (; played < playable && FrameAt(played + 1).At <= position; passed++)
            Pass(ref approach);
        return passed;
    }

    private void Pass(ref bool approach)
    {
        played++;
        ref readonly var frame = ref FrameAt(played);
        approach |= frame.Stamp.Approach;
        for (var joint = 0; joint < playedReadings.Length; joint++)
        {
            if (PositionOf(played, joint) is var reading && double.IsFinite(reading))
                playedReadings[joint] = new JointReading(reading, frame.At, played, 0);
        }
    }

    /// <summary>Microseconds that the network varies by, and that pass between two samples. The last of them are bridged where samples come quickly
    /// and evenly.</summary>
    private double Wanted()
    {
        var distance = interval.Estimate;
        var bridged = distance <= MaxBridgedInterval ? Math.Max(0, Math.Min(3 * distance / 5, MaxBridge) - network.Spread) : 0;
        var most = maxDelay + (distance > MaxUncountedInterval ? distance : 0);
        return Math.Min(network.Allowed + Slack + distance - bridged, most);
    }

    private double Target(in Timestamp now) => now.Monotonic - network.Least - delay;

    /// <summary>Goes over to what has come meanwhile without a jump in place or speed.</summary>
    private void BlendIn()
    {
        if (!isChanged)
            return;
        isChanged = false;
        blendTime = Math.Max(blendTime, Math.Min(beyond / 2, MaxBlend));
        for (var joint = 0; joint < path.Length; joint++)
        {
            var now = PathOf(joint, out var speed);
            if (double.IsNaN(now) || double.IsNaN(path[joint]) || path[joint] == now)
                continue;
            // In so much time it catches up no faster than 1.4 times the speed that it missed.
            var unread = blends[joint].IsUnread ? 1.25 * (position - playedReadings[joint].At) : 0;
            blends[joint].Add(path[joint] - now, rate * (speeds[joint] - speed), unread);
        }
    }

    private void Advance(in Timestamp now, long passed)
    {
        var isYoung = messages < Young;
        delay = isYoung ? Wanted() : Math.Clamp(Wanted(), delay - (DelayShrinking * passed), delay + (DelayGrowth * passed));
        var target = Target(now);
        ref readonly var end = ref FrameAt(playable);
        var over = position + (rate * passed) - end.At;
        var rests = isQuiet || end.Stamp.KeepAlive;
        var wanted = 1 + Math.Clamp((target - position - passed) / CatchUpTime, isYoung ? -1 : -MaxSlowing, MaxCatchUp);
        if (over > 0 && !rests)
            wanted *= Math.Clamp((Horizon - over) / (Plateau * Horizon), 0, 1);
        rate += (wanted - rate) * Math.Min(1, passed / (wanted > rate ? FasterIn : SlowerIn));
        blendTime = Math.Max(MinBlend, blendTime - (BlendShortening * passed));
        position = over > 0 && rests ? Math.Max(position + (rate * passed), target) : Math.Min(position + (rate * passed), end.At + Horizon);
        beyond = position - end.At;
        motionTime += Math.Max(rate, 1) * passed;
        if (over <= 0)
            isMissing = false;
        else if (!rests)
            CountUnderrun(over);
        if (isBehind != rate > (isBehind ? 1.05 : 1.15))
            catchUps += (isBehind = !isBehind) ? 1 : 0;
    }

    private void CountUnderrun(double over)
    {
        if (isMissing || over <= 2 * MaxBridge)
            return;
        for (var joint = 0; joint < joints.Length; joint++)
            isMissing |= Math.Abs(VelocityOf(joint)) * Microseconds.PerSecond > MovingSpeed;
        underruns += isMissing ? 1 : 0;
    }

    /// <summary>Where a joint is at the time that is played.</summary>
    /// <param name="speed">Units per microsecond of the source's.</param>
    private double PathOf(int joint, out double speed)
    {
        speed = 0;
        ref readonly var from = ref playedReadings[joint];
        for (var number = played + 1; number <= playable; number++)
        {
            var to = PositionOf(number, joint);
            if (double.IsNaN(to))
                continue;
            ref readonly var frame = ref FrameAt(number);
            if (!from.IsKnown || (frame.Leaps & (1u << joint)) != 0)
                return from.Position;
            if (position < from.At)
                return from.Position;
            speed = (to - from.Position) / (frame.At - from.At);
            return from.Position + (speed * (position - from.At));
        }

        ref readonly var end = ref FrameAt(playable);
        if (from.At != end.At)
            return double.NaN; // It is not read any more.
        if (position <= end.At)
            return from.Position;
        speed = VelocityOf(joint);
        return from.Position + (speed * (position - end.At));
    }

    /// <summary>At the end of the path: over its last three samples, units per microsecond.</summary>
    private double VelocityOf(int joint)
    {
        var first = Math.Max(oldest, playable - 2);
        for (var number = first + 1; number <= playable; number++)
        {
            if ((FrameAt(number).Leaps & (1u << joint)) != 0 || FrameAt(number - 1).Stamp.KeepAlive)
                first = number;
        }

        if (first == playable || isQuiet)
            return 0;
        var velocity = (PositionOf(playable, joint) - PositionOf(first, joint)) / (FrameAt(playable).At - FrameAt(first).At);
        var most = joints[joint].MaxVelocity / Microseconds.PerSecond;
        return double.IsFinite(velocity) ? Math.Clamp(velocity, -most, most) : 0;
    }

    /// <param name="At">Microseconds.</param>
    /// <param name="Leaps">One bit per joint that no hand brought here from its reading before.</param>
    private readonly record struct Frame(long At, SampleStamp Stamp, uint Leaps);

    /// <param name="Frame">Its number.</param>
    /// <param name="Speed">Units per second from the reading before.</param>
    private readonly record struct JointReading(double Position, long At, long Frame, double Speed)
    {
        public static JointReading None { get; } = new(double.NaN, 0, -1, 0);

        public bool IsKnown => Frame >= 0;
    }

    /// <summary>What is left of a way that was wrong: it fades out, and its speed with it.</summary>
    private struct Blend
    {
        private double way;
        private double speed;

        private double ownTime;

        /// <summary>Whether its joint has no reading now.</summary>
        public bool IsUnread { get; set; }

        public void Add(double more, double faster, double time) => (way, speed, ownTime) = (way + more, speed + faster, Math.Max(ownTime, time));

        /// <summary>Critically damped, exactly for the time given or its own, which is longer where that is.</summary>
        public double Step(double elapsed, double least)
        {
            var time = Math.Max(least, ownTime);
            ownTime = Math.Max(0, ownTime - (BlendShortening * elapsed));
            var decay = Math.Exp(-elapsed / time);
            var drive = (speed + (way / time)) * elapsed;
            (way, speed) = ((way + drive) * decay, (speed - (drive / time)) * decay);
            return way;
        }
    }
}
