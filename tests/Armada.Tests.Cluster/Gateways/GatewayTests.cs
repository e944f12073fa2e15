using System.Net;
using System.Net.WebSockets;
using System.Text;
using Armada.Core.Engine;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Tests.Cluster.Documents;

namespace Armada.Tests.Cluster.Gateways;

/// <summary>A gateway, and silos that do nothing but host robots.</summary>
public sealed class GatewayTests(SharedServers servers) : IClassFixture<SharedServers>, IAsyncLifetime
{
    private static readonly TimeSpan ReturnsWithin = TimeSpan.FromSeconds(15);

    private readonly string id = $"test-{Guid.NewGuid():n}";

    private FailOnLoggedErrors Logs { get; } = new();

    private WholeSilo Silo { get; set; } = null!;

    private WholeSilo Gateway { get; set; } = null!;

    public Task InitializeAsync()
    {
        Silo = Make(SiloRole.Silo);
        Gateway = Make(SiloRole.Gateway);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Silo.DisposeAsync();
        Logs.Dispose();
    }

    [Fact]
    public async Task Robots_keys_sequences_and_the_audit_trail_are_the_clusters_at_a_gateway()
    {
        await StartAsync();
        Assert.Equal(201, await StatusAsync(HttpMethod.Post, "/robots", null, new { id = "arm", model = "so101" }));
        var boss = await Gateway.MakeKeyAsync(null, "boss", "admin");
        await Gateway.RefusesAsync(null);
        var mine = await Gateway.MakeKeyAsync(boss, "mine");

        var (_, master) = await Gateway.AskAsync(HttpMethod.Put, "/robots/arm/master", mine, new { type = "remote", name = "policy" });
        var epoch = master!["epoch"]!.GetValue<uint>();
        Assert.Equal(204, await StatusAsync(HttpMethod.Post, "/robots/arm/master/command", mine, new { name = "policy", epoch, joints = new[] { new { name = "shoulder_pan", value = 5 } } }));
        Assert.Equal(200, await StatusAsync(HttpMethod.Get, "/robots/arm/state", mine));
        Assert.Equal(200, await StatusAsync(HttpMethod.Get, "/sequences", mine));
        Assert.InRange(await StatusAsync(HttpMethod.Post, "/fleet/stop", mine), 200, 204);
        Assert.InRange(await StatusAsync(HttpMethod.Post, "/fleet/reset", mine), 200, 204);

        var (_, audit) = await Gateway.AskAsync(HttpMethod.Get, "/audit", boss);
        Assert.Contains("fleet-", audit!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(204, await StatusAsync(HttpMethod.Delete, $"/keys/{mine.Split('_')[1]}", boss));
        await Gateway.RefusesAsync(mine);
    }

    [Fact]
    public async Task A_program_and_the_panel_follow_a_robot_through_a_gateway()
    {
        await StartAsync();
        Assert.Equal(201, await StatusAsync(HttpMethod.Post, "/robots", null, new { id = "arm", model = "so101" }));
        using var moved = await ConnectAsync("/ws/master/arm");
        using var moving = await ConnectAsync("/ws/slave/arm");
        using var panel = await ConnectAsync("/ws/panel");
        await ReadsAsync(panel, "\"arm\"");

        await moving.SendAsync(
            """{"type":"command","data":{"joints":[{"name":"Rotation","value":5}]}}"""u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

        await ReadsAsync(moving, "\"accepted\":true");
        await ReadsAsync(moved, "\"type\":\"command\"");
        await ReadsAsync(panel, "\"update\"");
    }

    [Fact]
    public async Task A_silo_that_only_hosts_robots_tells_its_health_and_nothing_else()
    {
        await Silo.StartAsync(id);

        await Eventually.Holds("it is ready", () => IsReady(Silo));
        Assert.Equal(HttpStatusCode.NotFound, (await Silo.Http.GetAsync(new Uri("/api/v1/robots", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await Silo.Http.GetAsync(new Uri("/openapi/v1.json", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task A_gateway_waits_for_its_cluster_says_when_it_is_gone_and_finds_it_again()
    {
        Logs.Expect("SelectTargetFailed").Expect("LogErrorCancellingRequests");
        var starting = Gateway.StartAsync(id);
        await Eventually.Holds("it says that it waits", () => Logs.Of(1698).Count > 0);
        await Silo.StartAsync(id);
        await Eventually.Happens("it starts", starting, ReturnsWithin);
        await Eventually.Holds("it is ready", () => IsReady(Gateway));
        Assert.Equal(201, await StatusAsync(HttpMethod.Post, "/robots", null, new { id = "arm", model = "so101" }));

        await Silo.StopAsync();
        await Eventually.Holds("it says that its cluster is gone", () => !IsReady(Gateway), ReturnsWithin);
        Assert.Equal(503, await StatusAsync(HttpMethod.Get, "/robots/arm", null));

        await Silo.StartAsync(id);
        await Eventually.Holds("it has found it again", () => IsReady(Gateway), ReturnsWithin);
        Assert.Equal(200, await StatusAsync(HttpMethod.Get, "/robots/arm", null));
    }

    private WholeSilo Make(SiloRole role) => new(servers, id, Logs, options => options with { Cluster = options.Cluster! with { Role = role } });

    private async Task StartAsync()
    {
        await Silo.StartAsync(id);
        await Gateway.StartAsync(id);
        await Eventually.Holds("the gateway is ready", () => Gateway.Of<IEngineHealth>().Now is { Loaded: true, Silos: 1 });
    }

    private static bool IsReady(WholeSilo one) => one.Http.GetAsync(new Uri("/readyz", UriKind.Relative)).GetAwaiter().GetResult().IsSuccessStatusCode;

    private async Task<int> StatusAsync(HttpMethod method, string path, string? key, object? body = null) => (await Gateway.AskAsync(method, path, key, body)).Status;

    private async Task<ClientWebSocket> ConnectAsync(string path)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(Gateway.Http.BaseAddress!) { Scheme = "ws", Path = path }.Uri, CancellationToken.None);
        return socket;
    }

    private static async Task ReadsAsync(ClientWebSocket socket, string text)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var buffer = new byte[64 * 1024];
        var heard = "";
        while (!heard.Contains(text, StringComparison.Ordinal))
        {
            var part = await socket.ReceiveAsync(buffer, late.Token);
            heard += Encoding.UTF8.GetString(buffer, 0, part.Count);
        }
    }
}
