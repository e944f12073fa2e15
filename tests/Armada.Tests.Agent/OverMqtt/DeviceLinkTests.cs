using Armada.Core.Topics;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Hosting;
using Armada.EdgeAgent.Stops;
using Armada.Mqtt;
using Armada.Testing.Logging;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Agent.OverMqtt;

public sealed class DeviceLinkTests
{
    /// <summary>As where a broker is lost on the link's thread while the bus's begins to hold.</summary>
    [Fact]
    public async Task Changes_on_two_threads_at_once_are_published_without_a_fault()
    {
        using var logs = new FailOnLoggedErrors();
        var device = new Device(new DeviceSettings("follower-1", "so101-follower", "/no/port", DeviceSettings.FromEeprom), new LocalStop());
        var topics = new TopicMap();
        await using var link = new DeviceLink(
            device,
            new ControlHandler(device, logs.CreateLogger<ControlHandler>()),
            new MqttLink(DeviceLink.Options(device, new BrokerOptions(["127.0.0.1"], 1), topics), logs.For<MqttLink>()),
            topics,
            TimeProvider.System,
            logs.CreateLogger<DeviceLink>());
        using var end = new CancellationTokenSource();
        var presence = new Supervisor(TimeProvider.System, logs.For<Supervisor>()).RunAsync("presence", link.RunPresenceAsync, end.Token);
        await Task.WhenAll(Changing(), Changing());
        await end.CancelAsync();
        await presence;

        Task Changing() => Task.Factory.StartNew(
            () =>
            {
                for (var change = 0; change < 5_000_000; change++)
                    device.Status.SetState(change % 2 == 0 ? DeviceState.Holding : DeviceState.Tracking);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }
}
