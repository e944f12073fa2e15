using System.Diagnostics;
using System.Diagnostics.Metrics;
using Armada.Core.Control;
using Armada.Core.Routing;
using Armada.EdgeAgent.Devices;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Armada.EdgeAgent.Telemetry;

/// <summary>The agent's one meter and one activity source. Counts are read where they are kept; nothing is added per tick.</summary>
internal sealed class AgentTelemetry : IDisposable
{
    public const string Name = "Armada.EdgeAgent";

    private readonly Meter meter = new(Name);
    private readonly IReadOnlyList<Device> devices;
    private readonly Histogram<double> busTime;
    private readonly Histogram<double> lag;

    public AgentTelemetry(IReadOnlyList<Device> devices)
    {
        this.devices = devices;
        meter.CreateObservableCounter(
            "armada.agent.ticks", () => Each(device => device.Counters.Ticks), "{tick}", "Ticks of each device's loop");
        meter.CreateObservableCounter(
            "armada.agent.ticks.late", () => Each(device => device.Counters.LateTicks), "{tick}", "Ticks that began late");
        meter.CreateObservableCounter(
            "armada.agent.commands.applied", () => Each(device => device.Counters.Applied), "{command}", "Commands the control law took");
        meter.CreateObservableCounter("armada.agent.commands.dropped", Drops, "{command}", "Commands not executed, by reason");
        meter.CreateObservableCounter(
            "armada.agent.state.sent", () => Published(publisher => publisher.Sent), "{frame}", "State frames given to the MQTT link");
        meter.CreateObservableCounter(
            "armada.agent.state.dropped",
            () => Published(publisher => publisher.Dropped),
            "{frame}",
            "State frames that the MQTT link refused, because it is not connected");
        meter.CreateObservableGauge(
            "armada.agent.device.state", () => Each(device => (long)device.Status.State),
            description: "Number of the state, in the order of presence");
        meter.CreateObservableGauge(
            "armada.agent.playout.delay", () => Playouts(report => report.DelayMs), "ms", "How much later than the fastest frame a pose is played");
        meter.CreateObservableGauge(
            "armada.agent.network.delay", () => Playouts(report => report.NetworkMs), "ms", "How much later than the fastest frame the median one comes");
        meter.CreateObservableGauge(
            "armada.agent.network.jitter", () => Playouts(report => report.JitterMs), "ms", "The same of the 95th percentile");
        meter.CreateObservableCounter(
            "armada.agent.playout.underruns", () => Playouts(report => report.Underruns), "{underrun}", "No frame in time while the master moved");
        meter.CreateObservableCounter(
            "armada.agent.playout.catch-ups", () => Playouts(report => report.CatchUps), "{catch-up}", "Times that a follower had to catch up");
        busTime = meter.CreateHistogram<double>("armada.agent.bus.time", "ms", "Time one tick spends on the servo bus");
        lag = meter.CreateHistogram<double>("armada.agent.lag", "ms", "From capture at the leader to the write on the follower's bus");
    }

    public static ActivitySource Activities { get; } = new(Name);

    public void BusTime(double milliseconds, in KeyValuePair<string, object?> device) => busTime.Record(milliseconds, device);

    /// <summary>Notes one command's way; meaningful where both ends share a clock.</summary>
    public void Lag(double milliseconds, in KeyValuePair<string, object?> device) => lag.Record(milliseconds, device);

    public static KeyValuePair<string, object?> Tag(Device device) => new("device", device.Name);

    public void Dispose() => meter.Dispose();

    private IEnumerable<Measurement<long>> Each(Func<Device, long> count) =>
        devices.Select(device => new Measurement<long>(count(device), Tag(device)));

    private IEnumerable<Measurement<T>> Playouts<T>(Func<PlayoutReport, T> figure)
        where T : struct =>
        from device in devices
        let report = device.Inbox.Report()
        where report is not null
        select new Measurement<T>(figure(report), Tag(device));

    private IEnumerable<Measurement<long>> Published(Func<StatePublisher, long> count) =>
        devices.Where(device => device.Publisher is not null)
            .Select(device => new Measurement<long>(count(device.Publisher!), Tag(device)));

    private IEnumerable<Measurement<long>> Drops() =>
        from device in devices
        from result in Enum.GetValues<FrameResult>()
        where device.Counters.Dropped(result) > 0
        select new Measurement<long>(
            device.Counters.Dropped(result),
            Tag(device),
            new KeyValuePair<string, object?>("reason", DeviceCounters.NameOf(result)["dropped.".Length..]));
}

/// <summary>Sends metrics and activities over OTLP, where the standard OTEL_* variables name an endpoint.</summary>
internal sealed class TelemetryExport : IHostedService, IDisposable
{
    private static readonly string[] Endpoints =
        ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

    private const string ServiceName = "armada-edge-agent";

    private MeterProvider? metrics;
    private TracerProvider? traces;

    public static bool IsWanted =>
        Endpoints.Any(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)));

    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics = Sdk.CreateMeterProviderBuilder().ConfigureResource(Name).AddMeter(AgentTelemetry.Name).AddOtlpExporter().Build();
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
