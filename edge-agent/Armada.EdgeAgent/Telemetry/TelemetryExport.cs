using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Armada.EdgeAgent.Telemetry;

/// <summary>Sends metrics and activities over OTLP, where the standard OTEL_* variables name an endpoint.</summary>
internal sealed class TelemetryExport : IHostedService, IDisposable
{
    private static readonly string[] Endpoints =
        ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

    // What Orleans says of its client, where states are streamed into a cluster; of its activities none, for each sample is a call.
    private const string ClusterMeter = "Microsoft.Orleans";

    private const string ServiceName = "armada-edge-agent";

    private MeterProvider? metrics;
    private TracerProvider? traces;

    /// <summary>Whether an endpoint is named.</summary>
    public static bool IsWanted =>
        Endpoints.Any(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)));

    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics = Sdk.CreateMeterProviderBuilder().ConfigureResource(Name).AddMeter(AgentTelemetry.Name, ClusterMeter).AddOtlpExporter().Build();
        traces = Sdk.CreateTracerProviderBuilder().ConfigureResource(Name).AddSource(AgentTelemetry.Name).AddOtlpExporter().Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        metrics?.Dispose();
        traces?.Dispose();
    }

    private static void Name(ResourceBuilder resource)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_SERVICE_NAME")))
            resource.AddService(ServiceName);
    }
}
