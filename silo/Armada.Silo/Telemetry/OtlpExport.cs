using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Armada.Silo.Telemetry;

/// <summary>Sends metrics and traces where the standard OTEL_* variables say; without an endpoint there is no export.</summary>
internal sealed class OtlpExport : IHostedService
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string MetricsEndpoint = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
    private const string TracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    private const string Sampler = "OTEL_TRACES_SAMPLER";
    private const string ServiceName = "armada-silo";

    // The web server's own spans: without them a request would be an unsampled parent, and nothing below it would be exported.
    private const string Requests = "Microsoft.AspNetCore";

    // Of a silo in a cluster: the engine's spans at the doors, and what Orleans says of itself.
    private static readonly string[] Cluster = ["Armada.Silo.Orleans", "Microsoft.Orleans.Application", "Microsoft.Orleans.Lifecycle", "Microsoft.Orleans.Storage"];
    private const string ClusterMeter = "Microsoft.Orleans";

    private MeterProvider? metrics;
    private TracerProvider? traces;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (IsSet(Endpoint) || IsSet(MetricsEndpoint))
            metrics = Sdk.CreateMeterProviderBuilder().ConfigureResource(Name).AddMeter(SiloTelemetry.Name, ClusterMeter).AddOtlpExporter().Build();
        if (IsSet(Endpoint) || IsSet(TracesEndpoint))
            traces = Traces().AddOtlpExporter().Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        metrics?.Dispose();
        traces?.Dispose();
        return Task.CompletedTask;
    }

    private static TracerProviderBuilder Traces()
    {
        var traces = Sdk.CreateTracerProviderBuilder().ConfigureResource(Name).AddSource([SiloTelemetry.Name, Requests, .. Cluster]);
        return IsSet(Sampler) ? traces : traces.SetSampler(new ParentBasedSampler(new RequestSampler()));
    }

    private static void Name(ResourceBuilder resource)
    {
        if (!IsSet("OTEL_SERVICE_NAME"))
            resource.AddService(ServiceName);
    }

    private static bool IsSet(string variable) => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(variable));
}
