using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Armada.Core.Control;
using Armada.Core.Frames;
using Armada.Core.Routing;
using Armada.Core.Time;
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

    private static readonly string[] EventNames = [.. Enum.GetNames<RobotEventKind>().Select(Kebab)];

    private readonly long[] frames = new long[2 * Verdicts];
    private readonly long[] malformed = new long[(int)FrameError.ReservedNotZero + 1];
    private readonly long[] events = new long[EventNames.Length];
    private readonly Meter meter;
    private readonly Counter<long> requests;
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
        RouteTime = meter.CreateDuration("armada.silo.route.duration", "From a leader frame's arrival to its command's hand-over to the link");
        LeadTime = meter.CreateDuration("armada.silo.capture_to_arrival.duration", "From a frame's capture, by its source's clock, to its arrival");
        FollowerLag = meter.CreateDuration("armada.silo.capture_to_write.duration", "From a leader's capture to the write on the follower's bus");
        RoundTrip = meter.CreateDuration("armada.silo.round_trip.duration", "From a leader's capture until the follower's echo of it arrives, without the time it was held");
        StopTime = meter.CreateDuration("armada.silo.stop.duration", "From a device's stop to its confirmation");
        requests = meter.CreateCounter<long>("armada.silo.requests", "{request}", "Requests to robots, by result");
        meter.CreateObservableCounter("armada.silo.frames.received", ObserveReceived, "{frame}", "State frames that came, by role");
        meter.CreateObservableCounter("armada.silo.robot.events", ObserveEvents, "{event}", "What happened to robots");
        network = meter.CreateDuration("armada.silo.follower.network.duration", "How much later than the fastest frame of the last seconds a follower's median one comes");
        jitter = meter.CreateDuration("armada.silo.follower.jitter.duration", "The same of the 95th percentile");
        playoutDelay = meter.CreateDuration("armada.silo.follower.playout.duration", "How much later than that a follower plays it");
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
            "armada.silo.faults", () => Interlocked.Read(ref faults), "{fault}", "Requests, ticks and sessions of robots that failed");
    }

    /// <summary>Control requests; samples have none.</summary>
    public ActivitySource Activities { get; } = new(Name);

    public Histogram<double> RouteTime { get; }

    /// <summary>From capture to arrival; clocks of two machines are compared.</summary>
    public Histogram<double> LeadTime { get; }

    public Histogram<double> FollowerLag { get; }

    /// <summary>From a leader's capture to the arrival of its echo; the leader's clock is compared with the silo's.</summary>
    public Histogram<double> RoundTrip { get; }

    public Histogram<double> StopTime { get; }

    public bool MeasuresRouteTime => RouteTime.Enabled;

    public void RecordRouteTime(double seconds) => RouteTime.Record(seconds);

    public void Count(DeviceRole role, FrameResult verdict) => Interlocked.Increment(ref frames[IndexOf(role, verdict)]);

    public void Count(FrameError error) => Interlocked.Increment(ref malformed[(int)error]);

    public void Count(RobotEventKind what) => Interlocked.Increment(ref events[(int)what]);

    /// <param name="what">Kind of request.</param>
    /// <param name="refused">Why it was refused, or null.</param>
    public void CountRequest(string what, RefusalReason? refused) =>
        requests.Add(1, new("request", Kebab(what)), new("result", refused is { } reason ? Kebab(reason.ToString()) : "ok"));

    public void CountMalformedDialect() => Interlocked.Increment(ref malformedDialect);

    public void CountCommand() => Interlocked.Increment(ref commands);

    public void CountUnknownDevice() => Interlocked.Increment(ref unknownDevice);

    public void CountBadMessage() => Interlocked.Increment(ref badMessages);

    /// <summary>What a follower says of its playout, after what it said before.</summary>
    public void Record(PlayoutReport? before, PlayoutReport? now)
    {
        if (now is null)
            return;
        network.Record(now.NetworkMs / 1000);
        jitter.Record(now.JitterMs / 1000);
        playoutDelay.Record(now.DelayMs / 1000);
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

    /// <summary>A gauge of every device that is given one.</summary>
    public void Observe(string name, string unit, string description, Func<IEnumerable<Measurement<double>>> values) =>
        meter.CreateObservableGauge(name, values, unit, description);

    public void Dispose()
    {
        meter.Dispose();
        Activities.Dispose();
    }

    private IEnumerable<Measurement<long>> ObserveReceived()
    {
        foreach (var (role, name) in new[] { (DeviceRole.Master, "master"), (DeviceRole.Slave, "slave") })
            yield return new Measurement<long>(VerdictNames.Keys.Sum(result => Frames(role, result)), new KeyValuePair<string, object?>("role", name));
        yield return new Measurement<long>(
            ErrorNames.Keys.Sum(Malformed) + MalformedDialect + UnknownDevice, new KeyValuePair<string, object?>("role", NoRole));
    }

    private IEnumerable<Measurement<long>> ObserveEvents() =>
        EventNames.Select((name, kind) => new Measurement<long>(Interlocked.Read(ref events[kind]), new KeyValuePair<string, object?>("event", name)));

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
        Enum.GetValues<T>().ToFrozenDictionary(value => value, value => Kebab(value.ToString()));

    private static string Kebab(string name) => JsonNamingPolicy.KebabCaseLower.ConvertName(name);
}
