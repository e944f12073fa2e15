using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Testing.Logging;

namespace Armada.Tests.Cluster.Documents;

/// <summary>API keys are the cluster's, and each silo's doors know them by themselves.</summary>
public sealed class ClusterKeysTests(SharedServers servers) : IClassFixture<SharedServers>, IAsyncLifetime
{
    private const int Unauthorized = 4401;

    private FailOnLoggedErrors Logs { get; } = new();

    private TwoSilos Silos { get; set; } = null!;

    private WholeSilo First => Silos.First;

    private WholeSilo Second => Silos.Second;

    public Task InitializeAsync()
    {
        Silos = new TwoSilos(servers, Logs);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await Silos.DisposeAsync();
        Logs.Dispose();
    }

    [Fact]
    public async Task A_key_made_at_one_silo_opens_the_others_doors_and_ends_their_openness()
    {
        await Silos.StartAsync();
        await Second.LetsInAsync(null);

        var boss = await First.MakeKeyAsync(null, "boss", "admin");

        await First.RefusesAsync(null);
        await Second.RefusesAsync(null);
        await Second.LetsInAsync(boss);
        var eyes = await Second.MakeKeyAsync(boss, "eyes", "viewer");
        await First.LetsInAsync(eyes);
        Assert.Equal(409, (await First.AskAsync(HttpMethod.Post, "/keys", boss, new { name = "eyes", role = "viewer" })).Status);
        await Silos.RestartAsync();
        await First.RefusesAsync(null);
        await First.LetsInAsync(boss);
        await Second.LetsInAsync(eyes);
        await Eventually.Holds("the day of its use is known at the other silo", () => LastUsed(First, boss, eyes) is not null);
    }

    [Fact]
    public async Task A_key_revoked_at_one_silo_closes_the_sockets_and_doors_of_the_other()
    {
        await Silos.StartAsync();
        var boss = await First.MakeKeyAsync(null, "boss", "admin");
        var (lost, kept) = (await First.MakeKeyAsync(boss, "lost"), await First.MakeKeyAsync(boss, "kept"));
        await Second.LetsInAsync(kept);
        using var closing = await ConnectAsync(Second, lost);
        using var staying = await ConnectAsync(Second, kept);

        Assert.Equal(204, (await First.AskAsync(HttpMethod.Delete, $"/keys/{IdOf(lost)}", boss)).Status);

        Assert.Equal(Unauthorized, await ClosedAsync(closing));
        await Second.RefusesAsync(lost);
        Assert.Equal(WebSocketState.Open, staying.State);
        Assert.Equal(404, (await Second.AskAsync(HttpMethod.Delete, "/keys/000000000000", boss)).Status);
    }

    [Fact]
    public async Task Of_two_last_admins_that_are_revoked_at_once_at_two_silos_one_stays()
    {
        await Silos.StartAsync();
        var admins = new[] { await First.MakeKeyAsync(null, "boss", "admin"), "" };
        admins[1] = await First.MakeKeyAsync(admins[0], "chief", "admin");
        await Second.LetsInAsync(admins[1]);

        var answers = await Task.WhenAll(
            First.AskAsync(HttpMethod.Delete, $"/keys/{IdOf(admins[1])}", admins[0]),
            Second.AskAsync(HttpMethod.Delete, $"/keys/{IdOf(admins[0])}", admins[1]));

        Assert.Equal([204, 409], answers.Select(answer => answer.Status).Order());
        var good = answers[0].Status == 204 ? 0 : 1;
        foreach (var silo in Silos.Silos)
        {
            await silo.LetsInAsync(admins[good]);
            await silo.RefusesAsync(admins[1 - good]);
        }
    }

    [Fact]
    public async Task Without_the_store_keys_stay_as_they_are_and_a_revocation_is_made_up_for_later()
    {
        await Silos.StartAsync();
        var boss = await First.MakeKeyAsync(null, "boss", "admin");
        var lost = await First.MakeKeyAsync(boss, "lost");
        await Second.LetsInAsync(lost);
        await First.LetsInAsync(lost);
        Logs.Expect("LogErrorWriteStateFailed").Expect("LogErrorReadStateFailed").Expect("LogNotStored")
            .Expect("LogErrorInGrainMethod").Expect("LogErrorActivatingGrain"); // Whatever grain is activated just then cannot read its state.

        await servers.Redis.StopAsync();
        try
        {
            Assert.Equal((503, "not-stored"), Problem(await First.AskAsync(HttpMethod.Delete, $"/keys/{IdOf(lost)}", boss)));
            await First.RefusesAsync(lost);
            await Second.LetsInAsync(boss);
            Assert.Equal((503, "not-stored"), Problem(await Second.AskAsync(HttpMethod.Post, "/keys", boss, new { name = "new", role = "viewer" })));
        }
        finally
        {
            await servers.Redis.RestartAsync();
        }

        await Second.RefusesAsync(lost);
        await Eventually.Holds(
            "keys can be made again",
            () => Second.AskAsync(HttpMethod.Post, "/keys", boss, new { name = "new", role = "viewer" }).GetAwaiter().GetResult().Status is 201 or 409);
        await First.RefusesAsync(lost);
    }

    [Fact]
    public async Task A_program_attached_at_one_silo_commands_through_the_other_and_nobody_else_does()
    {
        await Silos.StartAsync();
        var boss = await First.MakeKeyAsync(null, "boss", "admin");
        var (mine, theirs) = (await First.MakeKeyAsync(boss, "mine"), await First.MakeKeyAsync(boss, "theirs"));
        await Second.LetsInAsync(theirs);
        Assert.Equal(201, (await First.AskAsync(HttpMethod.Post, "/robots", boss, new { id = "arm", model = "so101" })).Status);
        var (_, master) = await First.AskAsync(HttpMethod.Put, "/robots/arm/master", mine, new { type = "remote", name = "policy" });
        var command = new { name = "policy", epoch = master!["epoch"]!.GetValue<uint>(), joints = new[] { new { name = "shoulder_pan", value = 5 } } };

        Assert.Equal(204, (await Second.AskAsync(HttpMethod.Post, "/robots/arm/master/command", mine, command)).Status);
        Assert.Equal((409, "not-master"), Problem(await Second.AskAsync(HttpMethod.Post, "/robots/arm/master/command", theirs, command)));
        Assert.Equal((409, "not-master"), Problem(await First.AskAsync(HttpMethod.Post, "/robots/arm/master/heartbeat", theirs, new { command.name, command.epoch })));
        Assert.Equal(204, (await First.AskAsync(HttpMethod.Post, "/robots/arm/master/command", mine, command)).Status);
    }

    private static string IdOf(string key) => key.Split('_')[1];

    private static (int Status, string Problem) Problem((int Status, JsonNode? Body) answer) =>
        (answer.Status, answer.Body!["type"]!.GetValue<string>().Split(':')[^1]);

    private static string? LastUsed(WholeSilo silo, string boss, string key) =>
        silo.AskAsync(HttpMethod.Get, $"/keys/{IdOf(key)}", boss).GetAwaiter().GetResult().Body!["last_used"]?.GetValue<string>();

    private static async Task<ClientWebSocket> ConnectAsync(WholeSilo silo, string key)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("X-Api-Key", key);
        await socket.ConnectAsync(new UriBuilder(silo.Http.BaseAddress!) { Scheme = "ws", Path = "/ws/panel" }.Uri, CancellationToken.None);
        return socket;
    }

    private static async Task<int> ClosedAsync(ClientWebSocket socket)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var buffer = new byte[64 * 1024];
        while ((await socket.ReceiveAsync(buffer, late.Token)).MessageType != WebSocketMessageType.Close)
        {
            // What the panel is told meanwhile.
        }

        return (int)socket.CloseStatus!;
    }
}
