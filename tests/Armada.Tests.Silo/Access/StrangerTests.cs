using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Armada.Silo.Access;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Tests.Silo.Provisioning;
using Armada.Tests.Silo.Support;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;

namespace Armada.Tests.Silo.Access;

/// <summary>What somebody without a key can take from somebody who has one: nothing.</summary>
public sealed class StrangerTests(Broker broker, ITestOutputHelper output) : IClassFixture<Broker>
{
    private const string Guess = "armada_000000000000_guess";
    private const int Stops = 66;

    private static readonly byte[] KeepAlive = Encoding.ASCII.GetBytes($"GET /api/v1/robots HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {Guess}\r\n\r\n");

    [Theory]
    [InlineData("silent connections", 2060)]
    [InlineData("connections kept alive", 2048)]
    [InlineData("connections that come again", 512)]
    [Trait("Category", "Timed")]
    public async Task A_stop_with_a_key_is_answered_within_100_ms_while_strangers_hold_what_they_can(string with, int count)
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        silo.UseKey(await silo.MakeKeyAsync("boss", "admin"));
        await silo.MakeRobotAsync("arm");
        await silo.PostAsync("/robots/arm/stop"); // The first one is compiled.
        var held = new ConcurrentBag<Socket>();
        using var ending = new CancellationTokenSource();
        for (var one = 0; one < count; one++)
            held.Add(await OpenAsync(silo.Http.BaseAddress!, with == "connections kept alive" ? KeepAlive : []));
        var coming = with == "connections that come again" ? ComeAgainAsync(silo.Http.BaseAddress!, held, ending.Token) : Task.CompletedTask;

        var times = new List<TimeSpan>();
        for (var stop = 0; stop < Stops; stop++)
        {
            using var client = new HttpClient { BaseAddress = silo.Http.BaseAddress };
            client.DefaultRequestHeaders.Authorization = silo.Http.DefaultRequestHeaders.Authorization;
            var asked = Stopwatch.GetTimestamp();
            using var answer = await client.PostAsync(new Uri("/api/v1/robots/arm/stop", UriKind.Relative), null);
            times.Add(Stopwatch.GetElapsedTime(asked));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        await ending.CancelAsync();
        await coming;
        foreach (var socket in held)
            socket.Dispose();
        times.Sort();
        output.WriteLine($"{Stops} stops beside {count} {with}: median {times[Stops / 2].TotalMilliseconds:0.0} ms, worst {times[^1].TotalMilliseconds:0.0} ms");
        Assert.True(times[^3] < TimeSpan.FromMilliseconds(100), $"stops took {times[^3].TotalMilliseconds:0} ms");
    }

    [Fact]
    public async Task A_connection_that_was_made_with_a_key_outlasts_those_without()
    {
        await using var silo = await RunningSilo.StartAsync(
            broker, options => options with { Http = options.Http with { Limits = new RateLimits { UnprovenConnectionsPerAddress = 2 } } });
        var key = await silo.MakeKeyAsync("boss", "admin");
        using var mine = await OpenAsync(silo.Http.BaseAddress!, Encoding.ASCII.GetBytes($"GET /api/v1/robots HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {key}\r\n\r\n"));
        Assert.Equal(200, await StatusAsync(mine));

        using var oldest = await OpenAsync(silo.Http.BaseAddress!, []);
        var others = new List<Socket>();
        for (var one = 0; one < 4; one++)
            others.Add(await OpenAsync(silo.Http.BaseAddress!, []));
        await Eventually.Happens("the oldest is closed", ClosesAsync(oldest));

        await mine.SendAsync(Encoding.ASCII.GetBytes($"POST /api/v1/fleet/stop HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {key}\r\nContent-Length: 0\r\n\r\n"));
        Assert.Equal(200, await StatusAsync(mine));
        others.ForEach(one => one.Dispose());
    }

    [Fact]
    public async Task A_strangers_flood_takes_neither_health_nor_an_enrollment_from_others_at_its_address()
    {
        await using var silo = await RunningSilo.StartAsync(broker, options => options with
        {
            Broker = new DeviceEndpointOptions { Address = IPAddress.Loopback, Port = Armada.Testing.Network.FreePort.Next() },
            Http = options.Http with { Limits = new RateLimits { FailuresPerSecond = 1 } },
        });
        silo.UseKey(await silo.MakeKeyAsync("boss", "admin"));
        var made = await silo.MakeAsync("leader-1");
        silo.UseKey(null);

        await FloodAsync(silo);
        Assert.DoesNotContain(silo.Logs.Entries, entry => entry.Level > LogLevel.Debug && entry.Message.Contains("not authenticated", StringComparison.Ordinal));

        foreach (var path in (string[])["/healthz", "/readyz", "/health", "/api/health"])
            Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Get, path, null, ("X-Api-Key", Guess)));
        Assert.Equal((403, "token-refused"), await silo.AskAsync(HttpMethod.Post, "/api/v1/enrollments", new { token = "wrong", csr = "x" }));
        Assert.NotEmpty(await silo.CollectAsync(made));
    }

    [Fact]
    public async Task A_known_proxys_word_tells_clients_apart_and_nobody_elses_does()
    {
        await using var silo = await RunningSilo.StartAsync(
            broker, options => options with { Http = options.Http with { Limits = new RateLimits { FailuresPerSecond = 1 }, KnownProxies = [IPNetwork.Parse("127.0.0.1/32")] } });
        var boss = await silo.MakeKeyAsync("boss", "admin");

        await FloodAsync(silo, _ => "198.51.100.7, 192.0.2.7");

        Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots", null, ("X-Api-Key", Guess), ("X-Forwarded-For", "192.0.2.8")));
        silo.UseKey(boss);
        Assert.Contains("192.0.2.7", (await silo.GetAsync("/api/v1/audit?what=login-refused"))["items"]!.ToJsonString(), StringComparison.Ordinal);

        await silo.RestartAsync(options => options with { Http = options.Http with { KnownProxies = [] } });
        await FloodAsync(silo, request => $"192.0.2.{request}");
    }

    [Fact]
    public async Task A_key_in_a_subprotocol_opens_no_plain_route_even_where_the_request_looks_like_a_WebSocket()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var protocol = ("Sec-WebSocket-Protocol", $"armada.v1, armada.key.{await silo.MakeKeyAsync("boss", "admin")}");

        Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Post, "/api/v1/fleet/stop", null, protocol));
        Assert.Equal((401, "unauthorized"), await silo.AskAsync(HttpMethod.Get, "/ws/panel", null, protocol));
        Assert.Equal((401, "unauthorized"), await silo.AskAsync(
            HttpMethod.Get, "/api/v1/keys", null,
            protocol, ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")));
    }

    [Theory]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 5")]
    public async Task A_body_with_two_lengths_is_refused_and_nothing_behind_it_is_read(string lengths)
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        using var socket = await OpenAsync(
            silo.Http.BaseAddress!,
            Encoding.ASCII.GetBytes($"POST /api/v1/fleet/stop HTTP/1.1\r\nHost: localhost\r\n{lengths}\r\n\r\n0\r\n\r\nPOST /api/v1/fleet/stop HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"));

        Assert.Equal(400, await StatusAsync(socket));
        await Eventually.Happens("it is closed", ClosesAsync(socket));
        Assert.False((await silo.GetAsync("/api/v1/fleet"))["stopped"]!.GetValue<bool>());
    }

    // Asks with a wrong key until its address is refused.
    private static async Task FloodAsync(RunningSilo silo, Func<int, string>? from = null)
    {
        (int Status, string?) answer = default;
        for (var request = 0; answer.Status != 429 && request < 250; request++)
            answer = await silo.AskAsync(HttpMethod.Get, "/api/v1/robots", null, ("X-Api-Key", Guess), (from is null ? "X" : "X-Forwarded-For", from?.Invoke(request) ?? "x"));
        Assert.Equal((429, "too-many-requests"), answer);
    }

    private static async Task ComeAgainAsync(Uri address, ConcurrentBag<Socket> held, CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            held.Add(await OpenAsync(address, []));
            if (held.TryTake(out var oldest))
                oldest.Dispose();
        }
    }

    private static async Task<Socket> OpenAsync(Uri address, byte[] says)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address.Host, address.Port);
        if (says.Length > 0)
            await socket.SendAsync(says);
        return socket;
    }

    private static async Task<int> StatusAsync(Socket socket)
    {
        var (buffer, text) = (new byte[4096], "");
        while (!text.Contains("HTTP/1.1 ", StringComparison.Ordinal)) // What is left of the answer before it may come first.
        {
            var read = await Eventually.Happens("it is answered", socket.ReceiveAsync(buffer));
            Assert.NotEqual(0, read);
            text = Encoding.ASCII.GetString(buffer, 0, read);
        }

        return int.Parse(text.Split("HTTP/1.1 ")[1][..3], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task ClosesAsync(Socket socket)
    {
        try
        {
            while (await socket.ReceiveAsync(new byte[4096]) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Aborted.
        }
    }
}
