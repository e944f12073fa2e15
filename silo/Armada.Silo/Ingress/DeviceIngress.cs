using System.Collections.Immutable;
using Armada.Core.Control;
using Armada.Core.Time;
using Armada.Core.Topics;
using Armada.Grains.Robots;
using Armada.Mqtt;
using Armada.Silo.Provisioning;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Ingress;

/// <summary>The silo's end of the link: hears what devices say of themselves and answer, starts with the host and ends cleanly with it.</summary>
internal sealed partial class DeviceIngress(
    IMqttLink link,
    TopicMap topics,
    StateSubscriptions states,
    DevicePresences presences,
    DeviceLastSeen lastSeen,
    ControlChannel control,
    DeviceRoutes routes,
    HostedRobots robots,
    SiloClock clock,
    SiloTelemetry telemetry,
    ILogger<DeviceIngress> logger) : IHostedService
{
    private readonly LogPace pace = new();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        telemetry.Observe("armada.silo.link.up", "{link}", "1 while the broker is reached", () => link.State == LinkState.Up ? 1 : 0);
        telemetry.Observe("armada.silo.link.reconnects", "{connection}", "Connections to the broker after the first", () => link.Counters.Reconnects);
        telemetry.Observe("armada.silo.robots", "{robot}", "Robots", () => robots.Count);
        telemetry.Observe(
            "armada.silo.masters.live", "{master}", "Masters whose lease lives", () => robots.All.Count(robot => robot.IsMasterLive));
        telemetry.Observe(
            "armada.silo.paths.second", "{path}", "Second paths that are connected, of devices that say so",
            () => presences.All.Count(device => device.Value is { Online: true, HasSecondPath: true } report && report.Paths[1].Connected));
        link.StateChanged += LogState;
        link.Subscribe(topics.Every(Channel.Presence), Delivery.Control, OnPresence);
        link.Subscribe(topics.Every(Channel.ControlReply), Delivery.Control, OnReply);
        await states.StartAsync(cancellationToken);
        await link.StartAsync(cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        link.StateChanged -= LogState;
        await robots.CloseAsync(); // No turn may find its link gone.
        await states.DisposeAsync();
        await link.DisposeAsync();
    }

    private void OnPresence(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (!topics.TryParse(topic, out var name, out _) || payload.IsEmpty)
            return; // An empty retained message is how a broker forgets a device.
        var device = System.Text.Encoding.UTF8.GetString(name);
        var now = clock.Now();
        var before = presences.Of(device);
        if (!DeviceName.IsValid(device) || ControlJson.ReadPresence(payload) is not { } presence
            || ReportOf(presence, now) is var report && !presences.Put(device, report))
        {
            CountBad(device, "presence", payload.Length);
            return;
        }

        telemetry.Record(before?.Playout, report.Playout);
        lastSeen.Record(device, presence, wasOnline: before?.Online == true);
        routes.Find(device)?.Robot.SetPresence(device, report);
    }

    private static DeviceReport ReportOf(Presence said, in Timestamp now) => new(
        now.Unix, said.Online, said.Kind, said.Agent, said.State, said.Voltage, said.Temperatures?.ToImmutableArray() ?? default, said.Faults?.ToImmutableArray() ?? default,
        said.Joints?.ToImmutableArray() ?? default, said.Paths is { Count: 2 } two ? [.. two] : default, said.Playout);

    private void OnReply(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        if (!topics.TryParse(topic, out var name, out _))
            return;
        var device = System.Text.Encoding.UTF8.GetString(name);
        if (ControlJson.ReadReply(payload) is { } reply)
            control.OnReply(device, reply);
        else
            CountBad(device, "reply", payload.Length);
    }

    private void CountBad(string device, string what, int length)
    {
        telemetry.CountBadMessage();
        if (pace.IsDue(clock.Now(), out var hidden))
            LogBad(device, what, length, hidden);
    }

    private void LogState(LinkState state)
    {
        if (state == LinkState.Up)
            LogUp();
        else
            LogDown();
    }

    [LoggerMessage(1220, LogLevel.Information, "The broker is reached")]
    private partial void LogUp();

    [LoggerMessage(1221, LogLevel.Warning, "The broker cannot be reached; followers hold, control messages wait")]
    private partial void LogDown();

    [LoggerMessage(1222, LogLevel.Warning, "{Device}: a {What} of {Length} bytes could not be read and is dropped ({Hidden} such lines left out)")]
    private partial void LogBad(string device, string what, int length, long hidden);
}
