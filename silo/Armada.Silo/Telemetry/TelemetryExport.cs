using System.Collections;
using System.Reflection;
using Armada.Mqtt;
using Armada.Silo.Options;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Armada.Silo.Telemetry;

/// <summary>Sends traces, metrics and logs where the standard OTEL_* variables say, and serves metrics to Prometheus where that is asked for.</summary>
internal static class TelemetryExport
{
    private const string ServiceName = "armada-silo";
    private const string ScrapePath = "/metrics";

    private static readonly string[] Sources =
        [SiloTelemetry.Name, MessageTrace.Name, "Microsoft.Orleans.Application", "Microsoft.Orleans.Lifecycle", "Microsoft.Orleans.Storage"];

    public static void AddTelemetryExport(this IHostApplicationBuilder builder, SiloOptions options)
    {
        // The host reads no environment; of these variables OpenTelemetry's own parts read theirs.
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(variable => ((string)variable.Key).StartsWith("OTEL_", StringComparison.Ordinal))
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value);
        builder.Configuration.AddInMemoryCollection(variables);
        var (traces, metrics, logs) = (IsSent("TRACES"), IsSent("METRICS"), IsSent("LOGS"));
        if (!traces && !metrics && !logs && !options.Metrics)
            return;
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(resource => Describe(resource, options));
        if (metrics || options.Metrics)
            telemetry.WithMetrics(meters => Measure(meters, metrics, options.Metrics));
        if (traces)
            telemetry.WithTracing(tracing => Trace(tracing, IsSet("OTEL_TRACES_SAMPLER")));
        if (logs)
            telemetry.WithLogging(logging => logging.AddOtlpExporter(), logging => logging.IncludeFormattedMessage = true);

        bool IsSent(string signal) => IsSet("OTEL_EXPORTER_OTLP_ENDPOINT") || IsSet($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");
        bool IsSet(string variable) => !string.IsNullOrWhiteSpace(variables.GetValueOrDefault(variable));
    }

    public static void MapMetrics(this WebApplication app)
    {
        if (app.Services.GetRequiredService<SiloOptions>().Metrics)
            app.MapPrometheusScrapingEndpoint(ScrapePath).Allow(Role.Viewer);
    }

    private static void Measure(MeterProviderBuilder meters, bool isSent, bool isScraped)
    {
        meters.AddMeter(SiloTelemetry.Name, "Microsoft.Orleans")
            .AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddRuntimeInstrumentation().AddProcessInstrumentation();
        if (isSent)
            meters.AddOtlpExporter();
        if (isScraped)
            meters.AddPrometheusExporter();
    }

    private static void Trace(TracerProviderBuilder tracing, bool hasSampler)
    {
        tracing.AddSource(Sources).AddHttpClientInstrumentation().AddOtlpExporter()
            .AddAspNetCoreInstrumentation(requests =>
            {
                requests.Filter = request => !IsWatched(request.Request.Path);
                requests.EnrichWithHttpResponse = (activity, response) => activity.SetTag("url.path", RouteOf(response.HttpContext));
            });
        if (!hasSampler)
            tracing.SetSampler(new ParentBasedSampler(new RequestSampler()));
    }

    // Instead of the path, which may have a secret in it, such as that of a bundle.
    private static string? RouteOf(HttpContext context) => (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;

    // What asks every few seconds.
    private static bool IsWatched(PathString path) => path == "/healthz" || path == "/readyz" || path == ScrapePath;

    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
    private static void Describe(ResourceBuilder resource, SiloOptions options) => resource
        .AddService(
            ServiceName,
            serviceVersion: typeof(TelemetryExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
            serviceInstanceId: $"{Environment.MachineName}:{options.Cluster?.Endpoint.Port ?? options.Http.Urls[0].Port}")
        .AddEnvironmentVariableDetector();
}
