using System.Text.Json;
using System.Text.Json.Serialization;
using Armada.Core.Control;

namespace Armada.Up;

/// <param name="ErrorDegrees">Tracking error after the lag is taken out, degrees.</param>
/// <param name="LateTicks">Late ticks of each arm's agent, percent of its ticks.</param>
internal sealed record Measurement(
    long Routed, FrameDrops Drops, Percentiles LagMs, Percentiles ErrorDegrees, IReadOnlyDictionary<string, double> LateTicks);

/// <summary>The line of JSON that a check ends with.</summary>
/// <param name="FramesRouted">Leader frames that became commands.</param>
/// <param name="FramesDropped">Frames lost or refused anywhere on the way.</param>
/// <param name="FramesSuperseded">Frames that a newer one overtook, which is no loss: the newest wins by design.</param>
/// <param name="LagMs">Capture at the leader to write on the follower's bus.</param>
/// <param name="TrackingErrorDeg">Worst body joint per pose after the lag is taken out.</param>
/// <param name="LateTicksPercent">Late ticks of the arm that has more of them.</param>
/// <param name="Broken">Names of the members above that break their bound.</param>
internal sealed record CheckReport(
    long FramesRouted,
    long FramesDropped,
    long FramesSuperseded,
    LagReport LagMs,
    ErrorReport TrackingErrorDeg,
    double LateTicksPercent,
    IReadOnlyList<string> Broken,
    bool Ok)
{
    /// <summary>The most late ticks of an agent, percent (DESIGN §10).</summary>
    public const double MaxLateTicksPercent = 1;

    /// <summary>The longest lag at the 95th percentile, milliseconds (DESIGN §10).</summary>
    public const double MaxLagMs = 12;

    /// <summary>The largest tracking error at the 95th percentile, degrees.</summary>
    public const double MaxErrorDegrees = 3;

    /// <summary>Holds a measurement against the bounds. Figures are compared as they are printed, so that a reader can check the result.</summary>
    public static CheckReport Of(Measurement measured)
    {
        var lag = new LagReport(Rounded(measured.LagMs.At(0.5)), Rounded(measured.LagMs.At(0.95)), Rounded(measured.LagMs.At(0.99)));
        var error = new ErrorReport(Rounded(measured.ErrorDegrees.At(0.5)), Rounded(measured.ErrorDegrees.At(0.95)));
        var lateTicks = Math.Round(measured.LateTicks.Values.Max(), 2);
        (string Member, bool IsKept)[] bounds =
        [
            ("frames_routed", measured.Routed > 0),
            ("frames_dropped", measured.Drops.Lost == 0),
            ("lag_ms", lag.P95 <= MaxLagMs), // False for null: nothing measured keeps no bound.
            ("tracking_error_deg", error.P95 <= MaxErrorDegrees),
            ("late_ticks_percent", lateTicks <= MaxLateTicksPercent),
        ];
        string[] broken = [.. bounds.Where(bound => !bound.IsKept).Select(bound => bound.Member)];
        return new CheckReport(measured.Routed, measured.Drops.Lost, measured.Drops.Superseded, lag, error, lateTicks, broken, broken.Length == 0);
    }

    public string ToJson() => JsonSerializer.Serialize(this, CheckJsonContext.Default.CheckReport);

    private static double? Rounded(double figure) => double.IsNaN(figure) ? null : Math.Round(figure, 2);
}

/// <summary>Percentiles in milliseconds; null where nothing was measured.</summary>
internal sealed record LagReport(double? P50, double? P95, double? P99);

/// <summary>Percentiles in degrees; null where nothing was measured.</summary>
internal sealed record ErrorReport(double? P50, double? P95);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CheckReport))]
internal sealed partial class CheckJsonContext : JsonSerializerContext;

/// <summary>Frames that did not arrive, by place and reason, such as "silo expired".</summary>
internal sealed class FrameDrops(IReadOnlyDictionary<string, long> counts)
{
    private const string SupersededReason = "superseded";

    /// <summary>Everything the silo and both agents have counted since they started.</summary>
    public static FrameDrops Of(FleetStatus fleet, Presence? leader, Presence? follower)
    {
        var counts = fleet.Dropped.ToDictionary(reason => $"silo {reason.Key}", reason => reason.Value);
        foreach (var (role, presence) in new[] { ("leader", leader), ("follower", follower) })
        {
            foreach (var (name, count) in presence?.Counters ?? new Dictionary<string, long>())
            {
                if (name is "lost" or "malformed" || name.StartsWith("dropped.", StringComparison.Ordinal))
                    counts[$"{role} {name.Replace("dropped.", "", StringComparison.Ordinal)}"] = count;
            }
        }

        return new FrameDrops(counts);
    }

    public long Lost => counts.Where(reason => !IsSuperseded(reason.Key)).Sum(reason => reason.Value);

    /// <summary>Frames that a newer one overtook before their turn: nothing is missing.</summary>
    public long Superseded => counts.Where(reason => IsSuperseded(reason.Key)).Sum(reason => reason.Value);

    /// <summary>What was added since an earlier count.</summary>
    public FrameDrops Since(FrameDrops before) => new(counts
        .Select(reason => KeyValuePair.Create(reason.Key, reason.Value - before.CountOf(reason.Key)))
        .Where(reason => reason.Value != 0)
        .ToDictionary());

    /// <summary>Such as "silo expired 3, follower lost 1"; empty where nothing was dropped.</summary>
    public override string ToString() => string.Join(", ", counts.Select(reason => $"{reason.Key} {reason.Value}"));

    private long CountOf(string reason) => counts.TryGetValue(reason, out var count) ? count : 0;

    private static bool IsSuperseded(string reason) => reason.EndsWith(SupersededReason, StringComparison.Ordinal);
}
