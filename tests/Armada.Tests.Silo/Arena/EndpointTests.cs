using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Armada.Core.Engine;
using Armada.Silo.Access;
using Armada.Testing;
using Armada.Testing.Network;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Arena;

/// <summary>Who comes in at the doors, what is written down of it, and that whoever goes leaves nothing behind.</summary>
public sealed class EndpointTests(Broker broker) : IClassFixture<Broker>
{
    private const string Robot = "arm";

    [Fact]
    public async Task A_revoked_key_closes_its_sockets_and_they_leave_the_robot()
    {
        await using var silo = await StartAsync();
        silo.UseKey(await silo.MakeKeyAsync("boss", "admin"));
        var key = await silo.MakeKeyAsync("hands", "operator");
        await using var driver = await ArenaClient.SlaveAsync(silo.Http.BaseAddress!, Robot, "name=driver", key);
        await using var page = await ArenaClient.MasterAsync(silo.Http.BaseAddress!, Robot, "", key);
        await driver.CommandAsync("Rotation", 5);
        await driver.HearsAsync("command_ack");
        await page.HearsAsync("joint_states");

        await silo.SendAsync(HttpMethod.Delete, $"/api/v1/keys/{RunningSilo.IdOf(key)}");

        await driver.ClosesWithAsync(4401);
        await page.ClosesWithAsync(4401);
        await IsLeftAsync(silo);
    }

    [Theory]
    [InlineData("master")]
    [InlineData("slave")]
    public async Task Strangers_viewers_pages_of_other_sites_and_one_socket_too_many_are_refused(string door)
    {
        await using var silo = await RunningSilo.StartAsync(
            broker, options => options with { Http = options.Http with { Limits = new RateLimits { SocketsPerCaller = 1 } } });
        await silo.MakeRobotAsync(Robot);
        silo.UseKey(await silo.MakeKeyAsync("boss", "admin"));
        var (eyes, hands) = (await silo.MakeKeyAsync("eyes", "viewer"), await silo.MakeKeyAsync("hands", "operator"));

        Assert.Equal(401, await StatusAsync(silo, door, null));
        Assert.Equal(403, await StatusAsync(silo, door, eyes));
        Assert.Equal(403, await StatusAsync(silo, door, hands, "https://elsewhere.example"));
        await using var first = await ArenaClient.MasterAsync(silo.Http.BaseAddress!, Robot, "", hands);
        Assert.Equal(429, await StatusAsync(silo, door, hands));
    }

    [Fact]
    public async Task Attaching_taking_over_and_leaving_are_recorded_with_the_caller()
    {
        await using var silo = await StartAsync();
        silo.UseKey(await silo.MakeKeyAsync("boss", "admin"));
        var (left, right) = (await silo.MakeKeyAsync("left", "operator"), await silo.MakeKeyAsync("right", "operator"));
        await using var first = await ArenaClient.SlaveAsync(silo.Http.BaseAddress!, Robot, "name=first", left);
        await using var second = await ArenaClient.SlaveAsync(silo.Http.BaseAddress!, Robot, "name=second&takeover=true", right);
        await first.CommandAsync("Rotation", 5);
        await first.HearsAsync("command_ack");
        await second.CommandAsync("Rotation", 6);
        await second.HearsAsync("command_ack");
        await first.ClosesWithAsync(4009);
        await second.DisconnectAsync();

        await RecordedAsync(silo, "left", "master-bound", "remote first");
        await RecordedAsync(silo, "right", "master-bound", "remote second, takeover");
        await RecordedAsync(silo, "silo", "master-replaced", "first by second");
        await RecordedAsync(silo, "right", "master-unbound", "remote second: it disconnected");
    }

    [Theory]
    [InlineData("goodbye")]
    [InlineData("vanished")]
    [InlineData("stalled")]
    [InlineData("too large")]
    [InlineData("no text")]
    [InlineData("deleted")]
    public async Task Whatever_ends_a_session_it_leaves_the_robot(string why)
    {
        await using var silo = await StartAsync();
        await using var proxy = new CuttingProxy(silo.Http.BaseAddress!.Port);
        await using var driver = await ArenaClient.SlaveAsync(new Uri($"http://127.0.0.1:{proxy.Port}"), Robot, "name=driver");
        await driver.CommandAsync("Rotation", 5);
        await driver.HearsAsync("command_ack");

        await (why switch
        {
            "goodbye" => driver.DisconnectAsync(),
            "too large" => driver.SendTextAsync(new string(' ', 64 * 1024 + 1)),
            "no text" => driver.SendBytesAsync([1], WebSocketMessageType.Binary),
            "deleted" => silo.SendAsync(HttpMethod.Delete, $"/api/v1/robots/{Robot}"),
            _ => Task.Run(why == "stalled" ? proxy.Stall : driver.Vanish),
        });

        if (why == "deleted")
        {
            await driver.ClosesWithAsync(4004);
            await silo.MakeRobotAsync(Robot);
        }

        await IsLeftAsync(silo);
        await using var next = await ArenaClient.SlaveAsync(silo.Http.BaseAddress!, Robot, "name=driver");
        await next.CommandAsync("Rotation", 7);
        await next.HearsAsync("command_ack", ack => ack["data"]!["accepted"]!.GetValue<bool>());
    }

    private static Task IsLeftAsync(RunningSilo silo) => Eventually.Holds(
        "nobody is at the robot",
        () => silo.Service<IRobotEngine>().GetAsync(Robot, default).AsTask().Result is { UnboundSlaves: [], Master: null });

    private static async Task RecordedAsync(RunningSilo silo, string who, string what, string detail)
    {
        JsonNode? records = null;
        await Eventually.Holds(
            () => $"{what} of {who} is recorded as '{detail}'; there is {records}",
            () => (records = silo.GetAsync($"/api/v1/audit?what={what}").Result["items"])!.AsArray().Any(record =>
                record!["who"]!.GetValue<string>() == who && record["subject"]!.GetValue<string>() == Robot && record["detail"]?.GetValue<string>() == detail));
    }

    private static async Task<int> StatusAsync(RunningSilo silo, string door, string? key, string? origin = null)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (key is not null)
            socket.Options.SetRequestHeader("Authorization", $"Bearer {key}");
        if (origin is not null)
            socket.Options.SetRequestHeader("Origin", origin);
        var url = new UriBuilder(silo.Http.BaseAddress!) { Scheme = "ws", Path = $"/ws/{door}/{Robot}" }.Uri;
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(url, CancellationToken.None));
        return (int)socket.HttpStatusCode;
    }

    private async Task<RunningSilo> StartAsync()
    {
        var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync(Robot);
        return silo;
    }
}
