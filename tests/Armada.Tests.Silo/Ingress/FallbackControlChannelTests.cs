using System.Collections.Concurrent;
using System.Text.Json;
using Armada.Core.Devices;
using Armada.Mqtt;
using Armada.Silo.Provisioning;
using Armada.Testing;
using Armada.Tests.Silo.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Tests.Silo.Ingress;

/// <summary>What goes to devices besides MQTT, where a registry brings a way: stops and resets, limits and configuration.</summary>
public sealed class FallbackControlChannelTests : IAsyncLifetime, IDisposable
{
    private readonly Broker broker = new();
    private readonly OtherWay way = new();
    private readonly Shelf shelf = new();

    public Task InitializeAsync() => broker.InitializeAsync();

    public Task DisposeAsync() => broker.DisposeAsync();

    public void Dispose() => way.Dispose();

    [Fact]
    public async Task A_stop_goes_the_other_way_while_the_broker_is_away_and_again_until_it_is_answered()
    {
        await using var silo = await RunningSilo.StartAsync(broker, adjust: services => services.AddSingleton<IControlFallback>(way));
        await silo.MakeRobotAsync("arm");
        await silo.BindSlaveAsync("arm", "follower");
        await broker.Mosquitto.KillAsync();
        await Eventually.Holds("the silo has no broker", () => silo.Service<IMqttLink>().State == LinkState.Down);
        way.Fails = true;

        await silo.PostAsync("/robots/arm/stop");

        await Eventually.Holds("it was tried", () => way.Tries > 0);
        way.Fails = false;
        var topic = $"{silo.Topics.Root}/follower/ctl";
        await Eventually.Holds("the stop is sent", () => way.Sent.Any(sent => sent.Topic == topic && sent.Text.Contains("\"stop\"", StringComparison.Ordinal)));
        Assert.NotEmpty(silo.Logs.Of(1227));
        Assert.DoesNotContain(way.Sent, sent => sent.Text.Contains("stream-start", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Bound_devices_find_their_robots_limits_and_hear_of_each_change_once()
    {
        await using var silo = await RunningSilo.StartAsync(broker, adjust: services =>
        {
            services.AddSingleton<IDeviceShadow>(shelf);
            services.AddSingleton<DeviceShadows>();
        });
        await silo.MakeRobotAsync("arm");
        await silo.BindMasterAsync("arm", "leader");
        await silo.BindSlaveAsync("arm", "follower");
        shelf.Unknown = "leader";
        var shadows = silo.Service<DeviceShadows>();

        await shadows.UpdateAsync(default);
        shelf.Unknown = null;
        await shadows.UpdateAsync(default);
        await shadows.UpdateAsync(default);

        Assert.Equal(["follower", "leader"], shelf.Kept.Select(kept => kept.Device).Order(StringComparer.Ordinal));
        var follower = JsonDocument.Parse(shelf.Kept.Single(kept => kept.Device == "follower").Desired).RootElement;
        Assert.Equal(["limits", "configuration"], follower.EnumerateObject().Select(member => member.Name));
        Assert.Equal(6, follower.GetProperty("limits").EnumerateObject().Count());
        Assert.Equal("slave", follower.GetProperty("configuration").GetProperty("role").GetString());

        await silo.SendAsync(HttpMethod.Put, "/api/v1/robots/arm", new { model = "so101", joints = new[] { new { name = "gripper", max = 40 } } });
        await shadows.UpdateAsync(default);
        Assert.Equal(4, shelf.Kept.Count);
        Assert.Contains("\"max\":40", shelf.Kept.Last().Desired, StringComparison.Ordinal);
    }

    private sealed class OtherWay : IControlFallback, IDisposable
    {
        private int tries;

        public ConcurrentQueue<(string Topic, string Text)> Sent { get; } = new();

        public volatile bool Fails;

        public int Tries => Volatile.Read(ref tries);

        public ValueTask PublishAsync(string topic, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
        {
            Interlocked.Increment(ref tries);
            if (Fails)
                throw new RegistryFailedException("it is away");
            Sent.Enqueue((topic, System.Text.Encoding.UTF8.GetString(payload.Span)));
            return ValueTask.CompletedTask;
        }

        public void Dispose() => Sent.Clear();
    }

    private sealed class Shelf : IDeviceShadow
    {
        public List<(string Device, string Desired)> Kept { get; } = [];

        public string? Unknown { get; set; }

        public ValueTask<DesiredSettings?> FindAsync(string device, CancellationToken cancellation) => new((DesiredSettings?)null);

        public ValueTask<ShadowAnswer> DesireAsync(string device, string desired, long? version, CancellationToken cancellation)
        {
            if (device == Unknown)
                return new(ShadowAnswer.Unknown);
            Kept.Add((device, desired));
            return new(ShadowAnswer.Done);
        }
    }
}
