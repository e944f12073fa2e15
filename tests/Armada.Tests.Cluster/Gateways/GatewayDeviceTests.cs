using System.Diagnostics;
using System.Net;
using Armada.Core.Control;
using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Silo.Identities;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Devices;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Armada.Tests.Cluster.Documents;

namespace Armada.Tests.Cluster.Gateways;

/// <summary>Devices that are connected to two gateways, and the silo behind them, which no device could connect to.</summary>
[Trait("Category", "Timed")]
public sealed class GatewayDeviceTests(SharedServers servers) : IClassFixture<SharedServers>, IAsyncLifetime
{
    private const int Refused = 1720;

    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(400); // For a busy machine.

    private readonly string id = $"test-{Guid.NewGuid():n}";
    private readonly int[] plainPorts = [FreePort.Next(), FreePort.Next()];

    private TempFolder Folder { get; } = new();

    private FailOnLoggedErrors Logs { get; } = new();

    private WholeSilo Silo { get; set; } = null!;

    private WholeSilo[] Gateways { get; set; } = [];

    public async Task InitializeAsync()
    {
        Logs.Expect("SelectTargetFailed").Expect("LogErrorCancellingRequests");
        CertificateAuthority.Open(new AuthorityFolder(Folder.File("authority")), mayMake: true, TimeProvider.System, Logs.For<CertificateAuthority>()).Dispose();
        Silo = Make(SiloRole.Silo, new DeviceEndpointOptions());
        Gateways = [.. plainPorts.Select(port => Make(SiloRole.Gateway, new() { Address = IPAddress.Loopback, Port = FreePort.Next(), PlainPort = port }))];
        foreach (var one in Gateways.Prepend(Silo))
            await one.StartAsync(id);
        await Eventually.Holds("the gateways are ready", () => Gateways.All(gateway => gateway.Of<IEngineHealth>().Now is { Loaded: true, Silos: 1 }));
    }

    public async Task DisposeAsync()
    {
        foreach (var one in Gateways.Append(Silo))
            await one.DisposeAsync();
        Folder.Dispose();
        Logs.Dispose();
    }

    [Fact]
    public async Task A_leader_at_one_gateway_moves_a_follower_at_the_other_and_a_stop_is_confirmed()
    {
        await using var leader = await ScriptedDevice.StartAsync(plainPorts[0], new TopicMap(), "leader");
        await using var follower = await ScriptedDevice.StartAsync(plainPorts[1], new TopicMap(), "follower");
        await AskAsync(HttpMethod.Post, "/devices", new { name = "leader", kind = "so101-leader" });
        await AskAsync(HttpMethod.Post, "/devices", new { name = "follower", kind = "so101-follower" });
        await AskAsync(HttpMethod.Post, "/robots", new { id = "arm", model = "so101" });
        await AskAsync(HttpMethod.Post, "/robots/arm/slaves", new { type = "device", device = "follower" });
        await AskAsync(HttpMethod.Put, "/robots/arm/master", new { type = "device", device = "leader" });
        leader.Pose = [10, -20, 30, -5, 15, 40];
        await follower.CommandedAsync("the follower is at the leader's pose", command => Math.Abs(command.Positions[0] - 10) < 0.1);

        await AskAsync(HttpMethod.Post, "/robots/arm/stop");

        await Eventually.Holds("the stop reaches the follower", () => follower.CountOf(ControlOp.Stop) == 1);
        await Eventually.HoldsAsync(
            "the follower has confirmed it",
            async () => (await Gateways[0].AskAsync(HttpMethod.Get, "/robots/arm/slaves/follower", null)).Body!["unanswered"] is null);
    }

    [Fact]
    public async Task A_second_machine_of_a_name_is_refused_at_the_other_gateway_too()
    {
        await using var first = await ScriptedDevice.StartAsync(plainPorts[0], new TopicMap(), "arm-1", instance: "one");
        await using var second = new MqttLink(new LinkOptions { ClientId = "arm-1", Instance = "two", Port = plainPorts[1] }, Logs.For<MqttLink>());
        await second.StartAsync(CancellationToken.None);

        await Eventually.Holds("the second is refused", () => Logs.Of(Refused).Any(line => line.Message.Contains("another machine is connected as arm-1", StringComparison.Ordinal)));
        Assert.True(first.IsConnected);
        await first.DisposeAsync();

        await Eventually.Holds("the second takes its place when it has left", () => second.State == LinkState.Up);
    }

    [Fact]
    public async Task Each_path_may_be_at_another_gateway_and_either_is_enough()
    {
        await using var leader = await ScriptedDevice.StartAsync(plainPorts[0], new TopicMap(), "leader", instance: "one");
        await using var follower = await ScriptedDevice.StartAsync(plainPorts[1], new TopicMap(), "follower", instance: "two");
        await using var secondLeader = await ScriptedDevice.StartAsync(plainPorts[1], new TopicMap(), "leader", "leader~2", "one", silent: true);
        var heard = 0;
        await using var secondFollower = new MqttLink(
            new LinkOptions { ClientId = "follower~2", Instance = "two", Port = plainPorts[0] }, Logs.For<MqttLink>());
        secondFollower.Subscribe(new TopicMap().Of("follower", Channel.Command), Delivery.Sample, (_, _) => Interlocked.Increment(ref heard));
        await secondFollower.StartAsync(CancellationToken.None);
        await AskAsync(HttpMethod.Post, "/devices", new { name = "leader", kind = "so101-leader" });
        await AskAsync(HttpMethod.Post, "/devices", new { name = "follower", kind = "so101-follower" });
        await AskAsync(HttpMethod.Post, "/robots", new { id = "arm", model = "so101" });
        await AskAsync(HttpMethod.Post, "/robots/arm/slaves", new { type = "device", device = "follower" });
        await AskAsync(HttpMethod.Put, "/robots/arm/master", new { type = "device", device = "leader" });
        await follower.CommandedAsync("it is commanded by the first path");
        await Eventually.Holds("and by the second", () => Volatile.Read(ref heard) > 10);
        Assert.Equal(0, follower.CountOf(ControlOp.Stop));

        leader.Silent = true;
        secondLeader.Pose = [10, -20, 30, -5, 15, 40];
        var sequence = leader.Sent;
        await Eventually.Holds("the leader's second path is enough", () =>
        {
            secondLeader.Send(++sequence, leader.Epoch);
            return follower.Commands.LastOrDefault() is { } last && Math.Abs(last.Positions[0] - 10) < 0.1;
        });
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(1, 1000)]
    public async Task A_device_that_is_deleted_at_a_gateway_is_cut_there_at_once_and_at_the_other_within_a_second(int connectedAt, int within)
    {
        var registry = Gateways[0].Of<IDeviceRegistry>();
        var issued = (await registry.CreateAsync(new NewDevice("arm-1", DeviceKind.So101Leader), default)).Issued!;
        await using var link = new MqttLink(
            new LinkOptions
            {
                ClientId = "arm-1",
                Port = Gateways[connectedAt].Of<DeviceEndpointOptions>().Port,
                Tls = new LinkTls(
                    Path.Combine(Folder.File("authority"), "ca.pem"), Folder.Write("arm-1.pem", issued.Certificate), Folder.Write("arm-1.key", issued.PrivateKey()!)),
            },
            Logs.For<MqttLink>());
        await link.StartAsync(CancellationToken.None);
        await Eventually.Holds("the device is connected", () => link.State == LinkState.Up);
        var down = new TaskCompletionSource<long>();
        link.StateChanged += _ => down.TrySetResult(Stopwatch.GetTimestamp());

        var begun = Stopwatch.GetTimestamp();
        await AskAsync(HttpMethod.Delete, "/devices/arm-1");
        var after = Stopwatch.GetElapsedTime(begun, await Eventually.Happens("the device is cut", down.Task));

        Assert.True(after < TimeSpan.FromMilliseconds(within) + Slack, $"it was cut {after.TotalMilliseconds:0} ms after it was deleted");
    }

    private WholeSilo Make(SiloRole role, DeviceEndpointOptions endpoint) => new(servers, id, Logs, options => options with
    {
        Broker = endpoint,
        Authorities = [Folder.File("authority")],
        Cluster = options.Cluster! with { Role = role },
    });

    private async Task AskAsync(HttpMethod method, string path, object? body = null)
    {
        var (status, answer) = await Gateways[0].AskAsync(method, path, key: null, body);
        Assert.True(status is >= 200 and < 300, $"{method} {path}: {status} {answer}");
    }
}
