using System.Collections;
using System.Reflection;
using Armada.Mqtt;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Armada.EdgeAgent.Telemetry;

/// <summary>Sends traces, metrics and logs where the standard OTEL_* variables say; without an endpoint nothing is measured.</summary>
internal static class AgentTelemetryExport
{
    private const string ServiceName = "armada-edge-agent";

    public static void AddTelemetryExport(this HostApplicationBuilder builder, AgentConfiguration configuration)
    {
        // The host reads no environment; of these variables OpenTelemetry's own parts read theirs.
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(variable => ((string)variable.Key).StartsWith("OTEL_", StringComparison.Ordinal))
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value);
        builder.Configuration.AddInMemoryCollection(variables);
        var (traces, metrics, logs) = (IsSent("TRACES"), IsSent("METRICS"), IsSent("LOGS"));
        if (!traces && !metrics && !logs)
            return;
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(resource => Describe(resource, configuration));
        if (metrics)
        {
            telemetry.WithMetrics(meters => meters.AddMeter(AgentTelemetry.Name)
                .AddHttpClientInstrumentation().AddRuntimeInstrumentation().AddProcessInstrumentation().AddOtlpExporter());
        }

        if (traces)
            telemetry.WithTracing(tracing => tracing.AddSource(AgentTelemetry.Name, MessageTrace.Name).AddHttpClientInstrumentation().AddOtlpExporter());
        if (logs)
            telemetry.WithLogging(logging => logging.AddOtlpExporter(), logging => logging.IncludeFormattedMessage = true);

        bool IsSent(string signal) => IsSet("OTEL_EXPORTER_OTLP_ENDPOINT") || IsSet($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");
        bool IsSet(string variable) => !string.IsNullOrWhiteSpace(variables.GetValueOrDefault(variable));
    }

    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
    private static void Describe(ResourceBuilder resource, AgentConfiguration configuration) => resource
        .AddService(
            ServiceName,
            serviceVersion: typeof(AgentTelemetryExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
            serviceInstanceId: string.Join('+', configuration.Devices.Select(device => device.Name)))
        .AddEnvironmentVariableDetector();
}
