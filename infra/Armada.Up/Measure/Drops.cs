using Armada.Core.Control;
using Armada.Up.Stage;

namespace Armada.Up.Measure;

/// <summary>Frames that went no further, by where and why.</summary>
internal sealed class Drops
{
    private const string Overtaken = "superseded";

    private readonly Dictionary<string, long> counts;

    /// <summary>As silo and agents count them now.</summary>
    public Drops(FleetView fleet, Presence leader, Presence follower)
    {
        counts = fleet.Dropped.ToDictionary(reason => $"silo {reason.Key}", reason => reason.Value);
        foreach (var (who, presence) in new[] { ("leader", leader), ("follower", follower) })
        {
            foreach (var (name, count) in presence.Counters ?? new Dictionary<string, long>())
            {
                if (name is "lost" or "malformed" || name.StartsWith("dropped.", StringComparison.Ordinal))
                    counts[$"{who} {name.Replace("dropped.", "", StringComparison.Ordinal)}"] = count;
            }
        }
    }

    private Drops(Dictionary<string, long> counts) => this.counts = counts;

    /// <summary>Frames lost or refused.</summary>
    public long Lost => counts.Where(reason => !IsOvertaken(reason.Key)).Sum(reason => reason.Value);

    /// <summary>Frames that a newer one overtook before their turn: the newest wins, nothing queues, nothing is missing.</summary>
    public long Superseded => counts.Where(reason => IsOvertaken(reason.Key)).Sum(reason => reason.Value);

    /// <summary>What was added since an earlier count.</summary>
    public Drops Since(Drops before) => new(counts
        .Select(reason => (reason.Key, Count: reason.Value - before.counts.GetValueOrDefault(reason.Key)))
        .Where(reason => reason.Count != 0)
        .ToDictionary(reason => reason.Key, reason => reason.Count));

    /// <summary>Such as "silo expired 3, follower lost 1".</summary>
    public override string ToString() => string.Join(", ", counts.Select(reason => $"{reason.Key} {reason.Value}"));

    private static bool IsOvertaken(string reason) => reason.EndsWith(Overtaken, StringComparison.Ordinal);
}
