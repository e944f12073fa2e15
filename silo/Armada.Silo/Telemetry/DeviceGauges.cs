using System.Diagnostics.Metrics;
using Armada.Silo.Ingress;
using Armada.Silo.Mqtt;
using Armada.Silo.Options;

namespace Armada.Silo.Telemetry;

/// <summary>
/// Gauges of single devices: of those that the operator lists, and of all while there are at most <see cref="SmallSite"/>, so that a large
/// fleet does not fill whoever stores them.
/// </summary>
internal sealed class DeviceGauges(
    SiloTelemetry telemetry, DevicePresences presences, SiloOptions options, TimeProvider time, DeviceConnections? connections = null) : IHostedService
{
    public const int SmallSite = 50;

    private static readonly TimeSpan Ending = TimeSpan.FromDays(14);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        telemetry.Observe("armada.silo.devices.online", "{device}", "Devices that say that they are online", () => presences.All.Count(device => device.Value.Online));
        telemetry.Observe("armada.silo.devices.faulted", "{device}", "Devices online with a fault", () => presences.All.Count(device => IsFaulted(device.Value)));
        telemetry.Observe("armada.device.faulted", "{device}", "1 while the device is online with a fault", () =>
            Each().Select(device => Measure(IsFaulted(device.Value) ? 1 : 0, device.Key)));
        telemetry.Observe("armada.device.voltage", "V", "Lowest supply voltage of the device's servos", () =>
            from device in Each()
            where device.Value.Online && device.Value.Voltage is not null
            select Measure(device.Value.Voltage!.Value, device.Key));
        telemetry.Observe("armada.device.temperature", "Cel", "Temperature of each joint's servo", () =>
            from device in Each()
            where device.Value is { Online: true, Temperatures.IsDefault: false, Joints.IsDefault: false }
            from joint in device.Value.Joints.Zip(device.Value.Temperatures)
            select new Measurement<double>(joint.Second, new("device", device.Key), new KeyValuePair<string, object?>("joint", joint.First)));
        if (connections is not null)
            ObserveConnections(connections);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void ObserveConnections(DeviceConnections connections)
    {
        telemetry.Observe("armada.silo.connections", "{connection}", "Devices' connections", () => connections.Open.Count);
        telemetry.Observe("armada.silo.connections.accepted", "{connection}", "Devices' connections since the start; grows", () => DeviceConnection.LastNumber);
        telemetry.Observe("armada.silo.certificates.ending", "{certificate}", "Connected devices whose certificate ends within 14 days", () =>
            connections.Open.Count(connection => Remaining(connection) < Ending.TotalSeconds));
        telemetry.Observe("armada.device.certificate.remaining", "s", "Time until the end of the certificate that the device is connected with", () =>
            from connection in connections.Open
            where connection is { Identity: not null, ClientCertificate: not null } && Shows(connection.Identity!.Name)
            select Measure(Remaining(connection)!.Value, connection.Identity!.Name));
    }

    private double? Remaining(DeviceConnection connection) =>
        (connection.ClientCertificate?.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime)?.TotalSeconds;

    private IEnumerable<KeyValuePair<string, DeviceReport>> Each() => presences.All.Where(device => Shows(device.Key));

    private bool Shows(string device) => presences.All.Count <= SmallSite || options.MetricsDevices.Contains(device);

    private static bool IsFaulted(DeviceReport device) => device is { Online: true, Faults: { IsDefaultOrEmpty: false } };

    private static Measurement<double> Measure(double value, string device) => new(value, new KeyValuePair<string, object?>("device", device));
}
