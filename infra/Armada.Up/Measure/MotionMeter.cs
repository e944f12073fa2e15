using Armada.Core.Control;
using Armada.Up.Stage;

namespace Armada.Up.Measure;

/// <summary>Counts and measures over one stretch of time, from the silo's counters, the agents' counters and the arms' poses.</summary>
internal sealed class MotionMeter(SiloClient door, MotionWatch watch)
{
    private static readonly TimeSpan CountersTimeout = TimeSpan.FromSeconds(6);

    /// <summary>Whether the follower is live, past its approach, and both agents have reported.</summary>
    public async Task<bool> TracksAsync(CancellationToken cancellation)
    {
        var robot = await door.RobotAsync(cancellation);
        return robot is { MasterState: "live", SlaveState: "live", Approaching: false }
            && watch.PresenceOf(DemoEnvironment.Leader)?.Counters is not null
            && watch.PresenceOf(DemoEnvironment.Follower)?.Counters is not null;
    }

    /// <summary>The fleet now.</summary>
    public Task<FleetView> FleetAsync(CancellationToken cancellation) => door.FleetAsync(cancellation);

    /// <summary>The watch this meter reads.</summary>
    public MotionWatch Watch => watch;

    /// <summary>Measures for a time.</summary>
    /// <param name="duration">For how long.</param>
    /// <param name="guard">Called every second; throws where a program died.</param>
    /// <param name="cancellation">Ends the measurement.</param>
    public async Task<CheckReport> MeasureAsync(TimeSpan duration, Action guard, CancellationToken cancellation)
    {
        var before = await CountAsync(cancellation);
        watch.Restart();
        for (var left = duration; left > TimeSpan.Zero; left -= TimeSpan.FromSeconds(1))
        {
            await Task.Delay(left < TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1), cancellation);
            guard();
        }

        var (lag, error) = watch.Read();
        var after = await CountAsync(cancellation);
        var drops = after.Drops.Since(before.Drops);
        var ticks = after.Ticks - before.Ticks;
        return CheckReport.Of(
            after.Routed - before.Routed,
            drops,
            lag,
            error.Degrees,
            ticks == 0 ? 100 : 100.0 * (after.LateTicks - before.LateTicks) / ticks);
    }

    /// <summary>All counters now, with the agents' next report, so that both ends of a stretch are counted alike.</summary>
    private async Task<Counts> CountAsync(CancellationToken cancellation)
    {
        var leader = watch.NextPresenceAsync(DemoEnvironment.Leader, CountersTimeout, cancellation);
        var follower = watch.NextPresenceAsync(DemoEnvironment.Follower, CountersTimeout, cancellation);
        Presence[] presences = [await leader, await follower];
        var fleet = await door.FleetAsync(cancellation);
        return new Counts(
            fleet.Routed,
            new Drops(fleet, presences[0], presences[1]),
            presences.Sum(presence => Counter(presence, "ticks")),
            presences.Sum(presence => Counter(presence, "ticks.late")));
    }

    private static long Counter(Presence presence, string name) => presence.Counters?.GetValueOrDefault(name) ?? 0;

    private readonly record struct Counts(long Routed, Drops Drops, long Ticks, long LateTicks);
}
