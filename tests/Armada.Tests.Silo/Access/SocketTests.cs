using System.Net.WebSockets;
using Armada.Silo.Access;
using Armada.Silo.Options;
using Armada.Silo.Sockets;
using Armada.Testing;
using Armada.Tests.Silo.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Armada.Tests.Silo.Access;

/// <summary>WebSockets at the doors, on a route that only echoes.</summary>
public sealed class SocketTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task A_browser_brings_its_key_as_a_subprotocol_and_never_sees_it_answered()
    {
        await using var silo = await StartAsync();
        var key = await silo.MakeKeyAsync("boss", "admin");

        using var socket = await ConnectAsync(silo, ["armada.v1", $"armada.key.{key}"]);

        Assert.Equal("armada.v1", socket.SubProtocol);
        await CloseAsync(socket);
        Assert.Equal(401, await RefusedAsync(silo, ["armada.v1", $"armada.key.{key}x"]));
        Assert.Equal(401, await RefusedAsync(silo, ["armada.v1"]));
        Assert.Equal(401, await RefusedAsync(silo, [], query: $"?key={key}"));
    }

    [Fact]
    public async Task A_viewer_cannot_open_a_socket_that_commands()
    {
        await using var silo = await StartAsync();
        silo.UseKey(await silo.MakeKeyAsync("boss", "admin"));
        var eyes = await silo.MakeKeyAsync("eyes", "viewer");

        Assert.Equal(403, await RefusedAsync(silo, ["armada.v1", $"armada.key.{eyes}"]));
    }

    [Fact]
    public async Task Revoking_a_key_closes_its_sockets_and_no_others()
    {
        await using var silo = await StartAsync();
        silo.UseKey(await silo.MakeKeyAsync("boss", "admin"));
        var (lost, kept) = (await silo.MakeKeyAsync("lost", "operator"), await silo.MakeKeyAsync("kept", "operator"));
        using var first = await ConnectAsync(silo, [$"armada.key.{lost}", "armada.v1"]);
        using var second = await ConnectAsync(silo, [$"armada.key.{lost}", "armada.v1"]);
        using var other = await ConnectAsync(silo, [$"armada.key.{kept}", "armada.v1"]);

        await silo.SendAsync(HttpMethod.Delete, $"/api/v1/keys/{RunningSilo.IdOf(lost)}");

        foreach (var socket in new[] { first, second })
            Assert.Equal((SocketClose.Unauthorized, "the key or token is no longer valid"), await ClosedAsync(socket));
        Assert.Equal("still here", await EchoAsync(other, "still here"));
        await CloseAsync(other);
    }

    [Fact]
    public async Task A_key_that_expires_closes_its_sockets()
    {
        await using var silo = await StartAsync();
        silo.UseKey(await silo.MakeKeyAsync("boss", "admin"));
        var brief = await silo.MakeKeyAsync("brief", "operator", DateTimeOffset.UtcNow.AddSeconds(2));

        using var socket = await ConnectAsync(silo, ["armada.v1", $"armada.key.{brief}"]);

        Assert.Equal(SocketClose.Unauthorized, (await ClosedAsync(socket)).Code);
    }

    [Fact]
    public async Task The_first_key_closes_the_sockets_of_those_that_came_without_one()
    {
        await using var silo = await StartAsync();
        using var socket = await ConnectAsync(silo, []);

        await silo.MakeKeyAsync("boss", "admin");

        Assert.Equal(SocketClose.Unauthorized, (await ClosedAsync(socket)).Code);
    }

    [Fact]
    public async Task A_caller_has_so_many_sockets_and_all_together_so_many()
    {
        await using var silo = await StartAsync(options => options with { Http = options.Http with { Limits = new RateLimits { Sockets = 3, SocketsPerCaller = 2 } } });
        silo.UseKey(await silo.MakeKeyAsync("boss", "admin"));
        string[] hands = ["armada.v1", $"armada.key.{await silo.MakeKeyAsync("hands", "operator")}"];
        string[] feet = ["armada.v1", $"armada.key.{await silo.MakeKeyAsync("feet", "operator")}"];

        using var first = await ConnectAsync(silo, hands);
        using var second = await ConnectAsync(silo, hands);
        Assert.Equal(429, await RefusedAsync(silo, hands));
        using var third = await ConnectAsync(silo, feet);
        Assert.Equal(429, await RefusedAsync(silo, feet));

        await CloseAsync(first);
        using var fourth = await ConnectAsync(silo, feet);
        foreach (var socket in new[] { second, third, fourth })
            await CloseAsync(socket);
    }

    [Fact]
    public async Task A_page_of_another_site_opens_no_socket_unless_it_is_on_the_list()
    {
        await using var silo = await StartAsync(options => options with { Http = options.Http with { AllowedOrigins = ["https://panel.example"] } });

        Assert.Equal(403, await RefusedAsync(silo, [], origin: "https://elsewhere.example"));
        Assert.Equal(403, await RefusedAsync(silo, [], origin: "null"));
        foreach (var origin in new[] { "https://panel.example", silo.Http.BaseAddress!.GetLeftPart(UriPartial.Authority) })
        {
            using var socket = await ConnectAsync(silo, [], origin);
            await CloseAsync(socket);
        }
    }

    private Task<RunningSilo> StartAsync(Func<SiloOptions, SiloOptions>? with = null) =>
        RunningSilo.StartAsync(broker, with, app => app.MapGet("/ws/echo", ServeAsync).Allow(Role.Operator).OnlyWebSockets());

    private static async Task ServeAsync(HttpContext context, OpenSockets sockets, Armada.Grains.Robots.SiloClock clock)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync(OpenSockets.Accept(context));
        var json = new JsonSocket(socket, null, new SocketLimits(), clock);
        using var open = sockets.Enter(context, json.Close);
        await json.RunAsync(
            message =>
            {
                json.Send(message.Span);
                return ValueTask.CompletedTask;
            },
            context.RequestAborted);
    }

    private static async Task<ClientWebSocket> ConnectAsync(RunningSilo silo, string[] protocols, string? origin = null, string query = "")
    {
        var socket = new ClientWebSocket();
        foreach (var protocol in protocols)
            socket.Options.AddSubProtocol(protocol);
        if (origin is not null)
            socket.Options.SetRequestHeader("Origin", origin);
        socket.Options.CollectHttpResponseDetails = true;
        try
        {
            await socket.ConnectAsync(new UriBuilder(silo.Http.BaseAddress!) { Scheme = "ws", Path = "/ws/echo", Query = query }.Uri, CancellationToken.None);
            return socket;
        }
        catch (WebSocketException refused)
        {
            var status = (int)socket.HttpStatusCode;
            socket.Dispose();
            throw new RefusedException(status, refused);
        }
    }

    private static async Task<int> RefusedAsync(RunningSilo silo, string[] protocols, string? origin = null, string query = "") =>
        (await Assert.ThrowsAsync<RefusedException>(() => ConnectAsync(silo, protocols, origin, query))).Status;

    private static async Task<string> EchoAsync(ClientWebSocket socket, string text)
    {
        await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        var buffer = new byte[1024];
        var got = await Eventually.Happens("the echo comes", socket.ReceiveAsync(buffer, CancellationToken.None));
        return System.Text.Encoding.UTF8.GetString(buffer, 0, got.Count);
    }

    private static async Task<(int? Code, string? Reason)> ClosedAsync(ClientWebSocket socket)
    {
        var got = await Eventually.Happens("the socket is closed", socket.ReceiveAsync(new byte[1024], CancellationToken.None));
        Assert.Equal(WebSocketMessageType.Close, got.MessageType);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        return ((int?)got.CloseStatus, got.CloseStatusDescription);
    }

    private static Task CloseAsync(ClientWebSocket socket) => socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);

    private sealed class RefusedException(int status, Exception cause) : Exception($"refused with {status}", cause)
    {
        public int Status => status;
    }
}
