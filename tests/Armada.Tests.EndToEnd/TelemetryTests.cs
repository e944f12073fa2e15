using Armada.Testing;
using Armada.Testing.Network;
using Armada.Tests.EndToEnd.Rig;

namespace Armada.Tests.EndToEnd;

/// <summary>What a collector gets when only the standard OTEL_* variables are set.</summary>
public sealed class TelemetryTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Silo_and_agents_export_metrics_and_logs_and_one_trace_follows_a_stop_from_the_request_into_the_agent()
    {
        await using var collector = new OtlpCollector();
        await using var fleet = await Fleet.TrackingAsync(fleet => fleet.Variables = collector.Variables);

        await Measures(collector, "armada-silo", "armada.silo.frames.routed", "{frame}");
        await Measures(collector, "armada-silo", "http.server.request.duration", "s");
        await Measures(collector, "armada-silo", "process.memory.usage", "By");
        await Measures(collector, "armada-silo", "armada.silo.capture_to_write.duration", "s");
        await Measures(collector, "armada-edge-agent", "armada.agent.ticks", "{tick}");
        await Measures(collector, "armada-edge-agent", "armada.agent.temperature", "Cel");

        await fleet.PostAsync($"{Fleet.Robot}/stop");

        await Measures(collector, "armada-edge-agent", "armada.agent.stop.duration", "s");
        var route = collector.Metrics.First(metric => metric.Name == "armada.silo.route.duration");
        Assert.Equal((2e-5, 1), (route.Bounds[0], route.Bounds[^1]));
        var agent = collector.Metrics.First(metric => metric.Name == "armada.agent.ticks");
        Assert.Contains(agent.Resource["service.instance.id"], (string[])["leader", "follower"]);
        Assert.Contains("service.version", agent.Resource.Keys);

        await Eventually.Holds(
            () => $"one trace leads from the request through the grain to the follower's own stop: {string.Join(" > ", PathTo("control Stop"))}",
            () => PathTo("control Stop") is ["POST /api/v1/robots/{id}/stop", "robot Stop", _, .., "process ctl", "control Stop"],
            Timeout);
        Assert.Equal(("armada-silo", "armada-edge-agent"), (ServiceOf("robot Stop"), ServiceOf("control Stop")));
        Assert.DoesNotContain(collector.Spans, span => span.Name is "process cmd" or "process state");

        await Eventually.Holds(
            "the agent's log arrives",
            () => collector.Logs.Any(log => log.Resource["service.name"] == "armada-edge-agent" && log.Text.Contains("Stop", StringComparison.Ordinal)),
            Timeout);

        string ServiceOf(string span) => collector.Spans.First(each => each.Name == span).Resource["service.name"];

        List<string> PathTo(string name)
        {
            var path = new List<string>();
            for (var span = collector.Spans.FirstOrDefault(span => span.Name == name); span is not null; span = collector.Spans.FirstOrDefault(parent => parent.Id == span.Parent))
                path.Insert(0, span.Name);
            return path;
        }
    }

    private static Task Measures(OtlpCollector collector, string service, string name, string unit) => Eventually.Holds(
        $"{service} measures {name} in {unit}",
        () => collector.Metrics.Any(metric => metric.Resource["service.name"] == service && metric.Name == name && metric.Unit == unit),
        Timeout);
}
