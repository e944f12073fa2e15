using System.Text.Json.Nodes;
using Armada.Up;

namespace Armada.Tests.EndToEnd;

/// <summary>The result of <c>infra/up --check</c> as a function of what was measured.</summary>
public sealed class CheckReportTests
{
    [Fact]
    public void A_check_is_ok_when_every_bound_is_kept()
    {
        var report = CheckReport.Of(Good());

        Assert.True(report.Ok);
        Assert.Empty(report.Broken);
        Assert.Equal(1.0, report.LateTicksPercent);
        Assert.Equal(12.0, report.LagMs.P95);
    }

    public static TheoryData<string, string> Bounds() => new()
    {
        { "no frame was routed", "frames_routed" },
        { "a frame was lost", "frames_dropped" },
        { "the lag is long", "lag_ms" },
        { "no lag was measured", "lag_ms" },
        { "the follower is elsewhere", "tracking_error_deg" },
        { "no pose was compared", "tracking_error_deg" },
        { "the leader's ticks are late", "late_ticks_percent" },
        { "the follower's ticks are late", "late_ticks_percent" },
    };

    [Theory]
    [MemberData(nameof(Bounds))]
    public void A_broken_bound_is_named_and_the_check_is_not_ok(string what, string named)
    {
        var good = Good();
        var measured = what switch
        {
            "no frame was routed" => good with { Routed = 0 },
            "a frame was lost" => good with { Drops = Drops("silo expired", 1) },
            "the lag is long" => good with { LagMs = new([12.01]) },
            "no lag was measured" => good with { LagMs = new([]) },
            "the follower is elsewhere" => good with { ErrorDegrees = new([3.01]) },
            "no pose was compared" => good with { ErrorDegrees = new([]) },
            "the leader's ticks are late" => good with { LateTicks = LateTicks(leader: 8.6, follower: 0) },
            _ => good with { LateTicks = LateTicks(leader: 0, follower: 1.01) },
        };

        var report = CheckReport.Of(measured);

        Assert.False(report.Ok);
        Assert.Equal([named], report.Broken);
    }

    [Fact]
    public void Every_broken_bound_is_named()
    {
        var report = CheckReport.Of(Good() with { LagMs = new([50]), LateTicks = LateTicks(leader: 9, follower: 9), Drops = Drops("follower lost", 4) });

        Assert.Equal(["frames_dropped", "lag_ms", "late_ticks_percent"], report.Broken);
    }

    [Fact]
    public void A_frame_that_a_newer_one_overtook_is_no_loss()
    {
        var report = CheckReport.Of(Good() with { Drops = Drops("follower superseded", 7) });

        Assert.True(report.Ok);
        Assert.Equal(7, report.FramesSuperseded);
        Assert.Equal(0, report.FramesDropped);
    }

    [Fact]
    public void The_line_of_json_names_the_members_that_are_broken()
    {
        var json = JsonNode.Parse(CheckReport.Of(Good() with { LateTicks = LateTicks(leader: 8.6, follower: 0.2) }).ToJson())!;

        Assert.False(json["ok"]!.GetValue<bool>());
        Assert.Equal(8.6, json["late_ticks_percent"]!.GetValue<double>());
        var member = Assert.Single(json["broken"]!.AsArray())!.GetValue<string>();
        Assert.NotNull(json[member]);
    }

    private static Measurement Good() => new(
        2000, new FrameDrops(new Dictionary<string, long>()), new Percentiles([9, 10, 12]), new Percentiles([0.1, 0.2, 3]), LateTicks(leader: 1, follower: 0.4));

    private static FrameDrops Drops(string reason, long count) => new(new Dictionary<string, long> { [reason] = count });

    private static Dictionary<string, double> LateTicks(double leader, double follower) => new() { ["leader"] = leader, ["follower"] = follower };
}
