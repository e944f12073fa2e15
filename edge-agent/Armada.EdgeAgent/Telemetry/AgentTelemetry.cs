using System.Diagnostics;
using System.Diagnostics.Metrics;
using Armada.Core.Control;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.EdgeAgent.Devices;

namespace Armada.EdgeAgent.Telemetry;

/// <summary>The agent's one meter and one activity source. Counts are read where they are kept; nothing is added per tick.</summary>
internal sealed class AgentTelemetry : IDisposable
{
    public const string Name = "Armada.EdgeAgent";

    private readonly Meter meter = new(Name);
    private readonly IReadOnlyList<Device> devices;
    private readonly Histogram<double> busTime;
    private readonly Histogram<double> lag;
    private readonly Histogram<double> hold;

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
            "armada.agent.playout.delay", () => Playouts(report => report.DelayMs / 1000), "s", "How much later than the fastest frame a pose is played");
        meter.CreateObservableGauge(
            "armada.agent.network.delay", () => Playouts(report => report.NetworkMs / 1000), "s", "How much later than the fastest frame the median one comes");
        meter.CreateObservableGauge(
            "armada.agent.network.jitter", () => Playouts(report => report.JitterMs / 1000), "s", "The same of the 95th percentile");
        meter.CreateObservableCounter(
            "armada.agent.playout.underruns", () => Playouts(report => report.Underruns), "{underrun}", "No frame in time while the master moved");
        meter.CreateObservableCounter(
            "armada.agent.playout.catch-ups", () => Playouts(report => report.CatchUps), "{catch-up}", "Times that a follower had to catch up");
        meter.CreateObservableCounter("armada.agent.bus.errors", BusErrors, "{error}", "Failed requests to servos, by kind");
        meter.CreateObservableGauge(
            "armada.agent.link.up", () => Published(publisher => publisher.IsUp ? 1 : 0), "{link}", "1 while the device is connected to the broker");
        meter.CreateObservableCounter(
            "armada.agent.link.reconnects", () => Published(publisher => publisher.Reconnects), "{connection}", "Connections after the first");
        meter.CreateObservableGauge(
            "armada.agent.voltage",
            () => devices.Where(device => device.Status.Voltage is not null)
                .Select(device => new Measurement<double>(device.Status.Voltage!.Value, Tag(device))),
            "V",
            "Lowest supply voltage of the device's servos");
        meter.CreateObservableGauge("armada.agent.temperature", () => Joints(device => device.Status.Temperatures), "Cel", "Temperature of each servo");
        meter.CreateObservableGauge("armada.agent.load", () => Joints(device => device.Status.Loads), "%", "Load of each servo, of its full torque");
        busTime = meter.CreateDuration("armada.agent.bus.duration", "Time one tick spends on the servo bus");
        lag = meter.CreateDuration("armada.agent.capture_to_write.duration", "From capture at the leader to the write on the follower's bus");
        hold = meter.CreateDuration("armada.agent.stop.duration", "From a stop's arrival until the hold is written on the bus");
    }

    public static ActivitySource Activities { get; } = new(Name);

    public void BusTime(long microseconds, in KeyValuePair<string, object?> device) => busTime.Record(Seconds(microseconds), device);

    /// <summary>Notes one command's way; meaningful where both ends share a clock.</summary>
    public void Lag(long microseconds, in KeyValuePair<string, object?> device) => lag.Record(Seconds(microseconds), device);

    public void Held(TimeSpan after, in KeyValuePair<string, object?> device) => hold.Record(after.TotalSeconds, device);

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
        where result is not (FrameResult.Accepted or FrameResult.AwaitingEpoch)
        select new Measurement<long>(
            device.Counters.Dropped(result),
            Tag(device),
            new KeyValuePair<string, object?>("reason", DeviceCounters.NameOf(result)["dropped.".Length..]));

    private IEnumerable<Measurement<long>> BusErrors() =>
        from device in devices
        from count in device.Counters.Others?.Invoke() ?? []
        where count.Key is "bus.timeouts" or "bus.corrupt" or "bus.stale"
        select new Measurement<long>(count.Value, Tag(device), new KeyValuePair<string, object?>("kind", count.Key["bus.".Length..]));

    private IEnumerable<Measurement<double>> Joints(Func<Device, IReadOnlyList<double>?> values) =>
        from device in devices
        from joint in device.Joints.Zip(values(device) ?? [])
        select new Measurement<double>(joint.Second, Tag(device), new KeyValuePair<string, object?>("joint", joint.First.Name));

    private static double Seconds(long microseconds) => microseconds / (double)Microseconds.PerSecond;
}
