using System.Net;
using System.Net.Sockets;
using System.Text;
using Armada.Silo.Access;
using Armada.Testing;
using Armada.Tests.Silo.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Armada.Tests.Silo.Access;

public sealed class LimitTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task A_caller_that_asks_too_often_waits_and_still_stops_its_robots()
    {
        await using var silo = await RunningSilo.StartAsync(broker, options => options with { Http = options.Http with { Limits = new RateLimits { RequestsPerSecond = 5 } } });
        await silo.MakeRobotAsync("arm");

        HttpResponseMessage? refused = null;
        for (var i = 0; refused is null && i < 1000; i++)
        {
            var answer = await silo.Http.GetAsync(new Uri("/api/v1/robots", UriKind.Relative));
            if (answer.StatusCode == HttpStatusCode.TooManyRequests)
                refused = answer;
            else
                answer.Dispose();
        }

        Assert.NotNull(refused);
        using var response = refused;
        Assert.True(response.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1), "it is not said when to ask again");
        Assert.Contains("too-many-requests", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(200, (await silo.AskAsync(HttpMethod.Post, "/api/v1/robots/arm/stop")).Status);
            Assert.Equal(200, (await silo.AskAsync(HttpMethod.Post, "/api/v1/fleet/stop")).Status);
            Assert.Equal(200, (await silo.AskAsync(HttpMethod.Post, "/api/v1/fleet/reset")).Status);
        }

        await Eventually.Holds(
            "it is let in again", () => silo.AskAsync(HttpMethod.Get, "/api/v1/robots").GetAwaiter().GetResult().Status == 200);
    }

    [Fact]
    public async Task One_caller_does_not_use_up_what_another_may_ask()
    {
        await using var silo = await RunningSilo.StartAsync(broker, options => options with { Http = options.Http with { Limits = new RateLimits { RequestsPerSecond = 5 } } });
        var boss = await silo.MakeKeyAsync("boss", "admin");
        silo.UseKey(boss);
        var eyes = await silo.MakeKeyAsync("eyes", "viewer");
        var statuses = new HashSet<int>();
        for (var i = 0; i < 1000 && !statuses.Contains(429); i++)
            statuses.Add((await silo.AskAsync(HttpMethod.Get, "/api/v1/robots")).Status);
        Assert.Contains(429, statuses);

        silo.UseKey(eyes);
        Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots"));
    }

    [Fact]
    public async Task Strangers_are_slowed_down_before_they_are_told_no()
    {
        await using var silo = await RunningSilo.StartAsync(
            broker, options => options with { Http = options.Http with { Limits = new RateLimits { FailuresPerSecond = 1 } } });
        var boss = await silo.MakeKeyAsync("boss", "admin");
        var problems = new List<string?>();
        for (var i = 0; i < 1000 && !problems.Contains("too-many-requests"); i++)
            problems.Add((await silo.AskAsync(HttpMethod.Get, "/api/v1/robots", null, ("X-Api-Key", "armada_000000000000_guess"))).Problem);

        Assert.Contains("unauthorized", problems);
        Assert.Contains("too-many-requests", problems);
        Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Get, "/api/v1/robots", null, ("X-Api-Key", boss)));
    }

    [Fact]
    public async Task Long_lines_and_long_or_many_headers_are_refused()
    {
        await using var silo = await RunningSilo.StartAsync(broker);

        Assert.Equal(414, await RawAsync(silo, $"GET /{new string('x', RequestLimits.MaxLineBytes)} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        Assert.Equal(431, await RawAsync(silo, $"GET / HTTP/1.1\r\nHost: localhost\r\nX: {new string('x', RequestLimits.MaxHeaderBytes)}\r\n\r\n"));
        var many = string.Concat(Enumerable.Range(0, RequestLimits.MaxHeaders + 1).Select(i => $"X-{i}: 1\r\n"));
        Assert.Equal(431, await RawAsync(silo, $"GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"));
        Assert.Equal(400, await RawAsync(silo, "GET / HTTP/1.1\r\n\r\n"));
    }

    [Fact]
    public async Task A_route_may_take_larger_bodies_and_says_how_large()
    {
        await using var silo = await RunningSilo.StartAsync(
            broker,
            map: app => app.MapPost("/large", async (HttpRequest request) =>
            {
                using var reader = new StreamReader(request.Body);
                return (await reader.ReadToEndAsync()).Length;
            }).Allow(Role.Viewer).MaxBody(100_000));

        Assert.Equal("90000", await (await PostAsync(90_000)).Content.ReadAsStringAsync());
        var refused = await PostAsync(100_001);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        Assert.Contains("100000", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        Task<HttpResponseMessage> PostAsync(int length) =>
            silo.Http.PostAsync(new Uri("/large", UriKind.Relative), new ByteArrayContent(new byte[length]));
    }

    [Fact]
    public async Task Browsers_learn_which_origins_are_on_the_list()
    {
        await using var silo = await RunningSilo.StartAsync(broker, options => options with { Http = options.Http with { AllowedOrigins = ["https://panel.example"] } });
        await silo.MakeKeyAsync("boss", "admin");

        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/api/v1/fleet/stop");
        preflight.Headers.Add("Origin", "https://panel.example");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
        using var answer = await silo.Http.SendAsync(preflight);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("https://panel.example", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Contains("authorization", answer.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.OrdinalIgnoreCase);
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"), "cookies are of no use here");
        Assert.Equal(
            (403, "foreign-origin"), await silo.AskAsync(HttpMethod.Options, "/api/v1/fleet/stop", null, ("Origin", "https://elsewhere.example")));
    }

    [Fact]
    public async Task Only_names_of_loopback_and_those_on_the_list_are_answered()
    {
        await using var silo = await RunningSilo.StartAsync(broker, options => options with { Http = options.Http with { AllowedHosts = ["silo.example"] } });

        foreach (var (host, status) in new[] { ("silo.example", 200), ("SILO.example:5080", 200), ("localhost", 200), ("[::1]:80", 200), ("elsewhere.example", 403) })
            Assert.Equal(status, (await silo.AskAsync(HttpMethod.Get, "/healthz", null, ("Host", host))).Status);
    }

    private static async Task<TcpClient> OpenAsync(RunningSilo silo)
    {
        var client = new TcpClient();
        await client.ConnectAsync(silo.Http.BaseAddress!.Host, silo.Http.BaseAddress.Port);
        return client;
    }

    private static async Task<int> RawAsync(RunningSilo silo, string request)
    {
        using var client = await OpenAsync(silo);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream);
        var line = await Eventually.Happens("the silo answers", reader.ReadLineAsync());
        return int.Parse(line!.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
