using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Routing;
using Armada.Grains.Robots;

namespace Armada.Silo.Telemetry;

/// <summary>All that the silo counts and measures. Counting a frame is one addition; who reads sees the sums.</summary>
internal sealed class SiloTelemetry : IRobotTelemetry, IDisposable
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "Armada.Silo";

    private const int Verdicts = (int)FrameResult.NoControl + 1;
    private const string NoRole = "none";

    private static readonly FrozenDictionary<FrameResult, string> VerdictNames = Names<FrameResult>();
    private static readonly FrozenDictionary<FrameError, string> ErrorNames = Names<FrameError>();

    private readonly long[] frames = new long[2 * Verdicts];
    private readonly long[] malformed = new long[(int)FrameError.ReservedNotZero + 1];
    private readonly Meter meter;
    private readonly Histogram<double> network;
    private readonly Histogram<double> jitter;
    private readonly Histogram<double> playoutDelay;
    private long commands;
    private long malformedDialect;
    private long unknownDevice;
    private long badMessages;
    private long faults;
    private long underruns;
    private long catchUps;

    public SiloTelemetry(IMeterFactory meters)
    {
        meter = meters.Create(Name);
        RouteTime = meter.CreateHistogram<double>(
            "armada.silo.route.time", "ms", "From a leader frame's arrival to its command's hand-over to the link");
        LeadTime = meter.CreateHistogram<double>(
            "armada.silo.lead.time", "ms", "From a frame's capture, by its source's clock, to its arrival");
        FollowerLag = meter.CreateHistogram<double>(
            "armada.silo.follower.lag", "ms", "From a leader's capture to the write on the follower's bus");
        network = meter.CreateHistogram<double>(
            "armada.silo.follower.network", "ms", "How much later than the fastest frame of the last seconds a follower's median one comes");
        jitter = meter.CreateHistogram<double>("armada.silo.follower.jitter", "ms", "The same of the 95th percentile");
        playoutDelay = meter.CreateHistogram<double>("armada.silo.follower.playout.delay", "ms", "How much later than that a follower plays it");
        meter.CreateObservableCounter(
            "armada.silo.follower.underruns", () => Interlocked.Read(ref underruns), "{underrun}", "Times that a follower had no frame in time while its master moved");
        meter.CreateObservableCounter(
            "armada.silo.follower.catch-ups", () => Interlocked.Read(ref catchUps), "{catch-up}", "Times that a follower had to catch up");
        meter.CreateObservableCounter(
            "armada.silo.frames.routed", () => Frames(DeviceRole.Master, FrameResult.Accepted), "{frame}", "Leader frames routed");
        meter.CreateObservableCounter("armada.silo.frames.dropped", ObserveDrops, "{frame}", "Frames dropped, by role and reason");
        meter.CreateObservableCounter(
            "armada.silo.commands", () => Interlocked.Read(ref commands), "{frame}", "Command frames given to the link");
        meter.CreateObservableCounter(
            "armada.silo.control.malformed", () => Interlocked.Read(ref badMessages), "{message}",
            "Presences and replies that could not be read");
        meter.CreateObservableCounter(
            "armada.silo.faults", () => Interlocked.Read(ref faults), "{fault}", "KeyedLock and ticks that failed");
    }

    /// <summary>Control requests; samples have none.</summary>
    public ActivitySource Activities { get; } = new(Name);

    public Histogram<double> RouteTime { get; }

    /// <summary>From capture to arrival, ms; clocks of two machines are compared.</summary>
    public Histogram<double> LeadTime { get; }

    public Histogram<double> FollowerLag { get; }

    public bool MeasuresRouteTime => RouteTime.Enabled;

    public void RecordRouteTime(double milliseconds) => RouteTime.Record(milliseconds);

    public void Count(DeviceRole role, FrameResult verdict) => Interlocked.Increment(ref frames[IndexOf(role, verdict)]);

    public void Count(FrameError error) => Interlocked.Increment(ref malformed[(int)error]);

    public void CountMalformedDialect() => Interlocked.Increment(ref malformedDialect);

    public void CountCommand() => Interlocked.Increment(ref commands);

    public void CountUnknownDevice() => Interlocked.Increment(ref unknownDevice);

    public void CountBadMessage() => Interlocked.Increment(ref badMessages);

    /// <summary>What a follower says of its playout, after what it said before.</summary>
    public void Record(PlayoutReport? before, PlayoutReport? now)
    {
        if (now is null)
            return;
        network.Record(now.NetworkMs);
        jitter.Record(now.JitterMs);
        playoutDelay.Record(now.DelayMs);
        Interlocked.Add(ref underruns, Math.Max(0, now.Underruns - (before?.Underruns ?? now.Underruns)));
        Interlocked.Add(ref catchUps, Math.Max(0, now.CatchUps - (before?.CatchUps ?? now.CatchUps)));
    }

    public void CountFault() => Interlocked.Increment(ref faults);

    public long Frames(DeviceRole role, FrameResult verdict) => Interlocked.Read(ref frames[IndexOf(role, verdict)]);

    public long Malformed(FrameError error) => Interlocked.Read(ref malformed[(int)error]);

    public long MalformedDialect => Interlocked.Read(ref malformedDialect);

    public long Commands => Interlocked.Read(ref commands);

    public long UnknownDevice => Interlocked.Read(ref unknownDevice);

    public long BadMessages => Interlocked.Read(ref badMessages);

    /// <summary>Name of a verdict, such as stale-epoch.</summary>
    public static string NameOf(FrameResult verdict) => VerdictNames[verdict];

    /// <summary>Frames dropped so far for each reason that has occurred; a frame that only awaits its epoch is no drop.</summary>
    public IReadOnlyDictionary<string, long> Drops()
    {
        var drops = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (_, reason, count) in AllDrops().Where(drop => drop.Count > 0))
            drops[reason] = drops.GetValueOrDefault(reason) + count;
        return drops;
    }

    public void Observe(string name, string unit, string description, Func<long> value) =>
        meter.CreateObservableGauge(name, value, unit, description);

    public void Dispose()
    {
        meter.Dispose();
        Activities.Dispose();
    }

    private IEnumerable<Measurement<long>> ObserveDrops() =>
        AllDrops().Select(drop => new Measurement<long>(drop.Count, new("role", drop.Role), new("reason", drop.Reason)));

    private IEnumerable<(string Role, string Reason, long Count)> AllDrops()
    {
        foreach (var (verdict, name) in VerdictNames)
        {
            if (verdict is FrameResult.Accepted or FrameResult.AwaitingEpoch)
                continue;
            yield return ("master", name, Frames(DeviceRole.Master, verdict));
            yield return ("slave", name, Frames(DeviceRole.Slave, verdict));
        }

        foreach (var (error, name) in ErrorNames)
        {
            if (error != FrameError.None)
                yield return (NoRole, name, Malformed(error));
        }

        yield return (NoRole, "malformed-dialect", MalformedDialect);
        yield return (NoRole, "unknown-device", UnknownDevice);
    }

    private static int IndexOf(DeviceRole role, FrameResult verdict) => ((int)role * Verdicts) + (int)verdict;

    private static FrozenDictionary<T, string> Names<T>()
        where T : struct, Enum =>
        Enum.GetValues<T>().ToFrozenDictionary(value => value, value => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()));
}
