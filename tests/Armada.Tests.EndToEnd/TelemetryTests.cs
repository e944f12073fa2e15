using Armada.Testing;
using Armada.Testing.Network;
using Armada.Tests.EndToEnd.Rig;

namespace Armada.Tests.EndToEnd;

/// <summary>What a collector gets when only the standard OTEL_* variables are set.</summary>
public sealed class TelemetryTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Silo_and_agents_export_their_meters_and_control_requests_as_traces()
    {
        await using var collector = new OtlpCollector();
        await using var fleet = await Fleet.TrackingAsync(fleet => fleet.Variables = collector.Variables);

        await Eventually.Holds(
            "the silo's frames are counted at the collector",
            () => collector.Got("/v1/metrics", "armada-silo", "Armada.Silo", "armada.silo.frames.routed", "armada.silo.follower.lag"),
            Timeout);
        await Eventually.Holds(
            "the agents' ticks are counted at the collector",
            () => collector.Got("/v1/metrics", "armada-edge-agent", "Armada.EdgeAgent", "armada.agent.ticks", "armada.agent.lag"),
            Timeout);
        await fleet.PostAsync($"{Fleet.Robot}/stop");

        await Eventually.Holds("the stop is traced", () => collector.Got("/v1/traces", "Armada.Silo", "robot Stop"), Timeout);
        await Eventually.Holds("the follower's own stop is traced", () => collector.Got("/v1/traces", "Armada.EdgeAgent", "control Stop"), Timeout);
    }
}
