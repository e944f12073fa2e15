using System.Text.Json;
using System.Text.Json.Serialization;

namespace Armada.Up.Measure;

/// <summary>The one line of JSON that a check ends with.</summary>
internal sealed record CheckReport(
    long FramesRouted,
    long FramesDropped,
    long FramesSuperseded,
    LagReport LagMs,
    ErrorReport TrackingErrorDeg,
    double LateTicksPercent,
    [property: JsonIgnore] string DropsByReason,
    bool Ok)
{
    /// <summary>The largest tracking error at the 95th percentile with which a check passes, degrees.</summary>
    public const double MostErrorDegrees = 3;

    /// <summary>Judges one measurement: frames flowed, none was lost, the follower tracked.</summary>
    public static CheckReport Of(long routed, Drops drops, Percentiles lag, Percentiles error, double latePercent) => new(
        routed,
        drops.Lost,
        drops.Superseded,
        new LagReport(Rounded(lag.At(0.5)), Rounded(lag.At(0.95)), Rounded(lag.At(0.99))),
        new ErrorReport(Rounded(error.At(0.5)), Rounded(error.At(0.95))),
        Math.Round(latePercent, 2),
        drops.ToString(),
        routed > 0 && drops.Lost == 0 && lag.Count > 0 && error.At(0.95) <= MostErrorDegrees);

    /// <summary>As one line.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CheckJsonContext.Default.CheckReport);

    private static double? Rounded(double figure) => double.IsNaN(figure) ? null : Math.Round(figure, 2);
}

/// <summary>Capture at the leader to write on the follower's bus, milliseconds; null where nothing was measured.</summary>
internal sealed record LagReport(double? P50, double? P95, double? P99);

/// <summary>Worst body joint per pose after the lag is taken out, degrees; null where nothing was measured.</summary>
internal sealed record ErrorReport(double? P50, double? P95);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CheckReport))]
internal sealed partial class CheckJsonContext : JsonSerializerContext;
