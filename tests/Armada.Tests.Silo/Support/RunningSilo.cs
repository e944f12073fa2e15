using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Armada.Core.MicroPython;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Silo;
using Armada.Silo.Options;
using Armada.Silo.Telemetry;
using Armada.Testing;
using Armada.Testing.Engine;
using Armada.Testing.Logging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Silo.Support;

/// <summary>A whole silo on a free port, with its data in a folder that outlives its restarts.</summary>
internal sealed class RunningSilo : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private SiloOptions options;
    private readonly Action<WebApplication> map;
    private readonly Action<IServiceCollection>? adjust;
    private WebApplication silo = null!;

    private RunningSilo(
        int brokerPort, TopicMap topics, Func<SiloOptions, SiloOptions> with, Action<WebApplication> map, Action<IServiceCollection>? adjust)
    {
        (Topics, this.map, this.adjust) = (topics, map, adjust);
        options = with(new SiloOptions
        {
            Http = new() { Urls = [new Uri("http://127.0.0.1:0")] },
            DataDirectory = folder.Path,
            Topics = topics,
            MicroPythonTopics = new MicroPythonTopics($"{topics.Root}-micropython"),
            Link = new LinkOptions { ClientId = $"silo-{topics.Root.Replace('/', '-')}", Port = brokerPort },
        });
    }

    public TopicMap Topics { get; }

    public string Data => folder.Path;

    /// <summary>The embedded storage.</summary>
    public string Database => Path.Combine(folder.Path, "armada.db");

    /// <summary>Makes every write of a grain's record fail, until the result is disposed.</summary>
    public IDisposable BreakStorage(string grainKey)
    {
        Logs.Expect(1603).Expect("LogNotWritten"); // The record, and the database.
        return new BrokenRecord(Database, grainKey);
    }

    public FailOnLoggedErrors Logs { get; } = new();

    public HttpClient Http { get; private set; } = null!;

    public SiloTelemetry Telemetry => Service<SiloTelemetry>();

    public bool IsReady => Http.GetAsync(new Uri("/readyz", UriKind.Relative)).GetAwaiter().GetResult().IsSuccessStatusCode;

    public IServiceProvider Services => silo.Services;

    public static async Task<RunningSilo> StartAsync(
        Broker broker,
        Func<SiloOptions, SiloOptions>? with = null,
        Action<WebApplication>? map = null,
        Action<IServiceCollection>? adjust = null)
    {
        var running = new RunningSilo(broker.Mosquitto.Port, Broker.NextTopics(), with ?? (options => options), map ?? (_ => { }), adjust);
        await running.StartAsync();
        return running;
    }

    public async Task StartAsync()
    {
        silo = SiloHost.Build(options, logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(Logs), adjust);
        map(silo);
        await silo.StartAsync();
        var address = silo.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(); // The device endpoint, where there is one, listens after it.
        Http = new HttpClient { BaseAddress = new Uri(address) };
        var link = silo.Services.GetRequiredService<IMqttLink>();
        await Eventually.Holds("the silo reaches its broker", () => link.State == LinkState.Up);
    }

    /// <summary>A part of the running silo.</summary>
    public T Service<T>()
        where T : notnull => silo.Services.GetRequiredService<T>();

    public async Task StopAsync()
    {
        Http.Dispose();
        SiloStops.Begin();
        await silo.StopAsync();
        await silo.DisposeAsync();
    }

    /// <summary>Stops and starts it again with other options.</summary>
    public async Task RestartAsync(Func<SiloOptions, SiloOptions> with)
    {
        await StopAsync();
        options = with(options);
        await StartAsync();
    }

    public async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await Http.GetStringAsync(path))!;

    public async Task<JsonNode?> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    /// <summary>Makes a key and gives its text; later requests through <see cref="Http"/> bring the key of <see cref="UseKey"/>.</summary>
    public async Task<string> MakeKeyAsync(string name, string role, DateTimeOffset? expires = null) =>
        (await SendAsync(HttpMethod.Post, "/api/v1/keys", new { name, role, expires_at = expires }))!["key"]!.GetValue<string>();

    /// <summary>Brings this key from now on, or none.</summary>
    public void UseKey(string? key) =>
        Http.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);

    /// <summary>A key's id, which is in its text.</summary>
    public static string IdOf(string key) => key.Split('_')[1];

    /// <summary>Sends a request that may be refused; the answer's status and its problem's name.</summary>
    public async Task<(int Status, string? Problem)> AskAsync(HttpMethod method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var isProblem = response.Content.Headers.ContentType?.MediaType == "application/problem+json";
        return ((int)response.StatusCode, isProblem ? JsonNode.Parse(text)!["type"]!.GetValue<string>().Split(':')[^1] : null);
    }

    public Task<JsonNode?> MakeRobotAsync(string id) => SendAsync(HttpMethod.Post, "/api/v1/robots", new { id, model = "so101" });

    public Task<JsonNode?> BindMasterAsync(string robot, string device, bool takeover = false) =>
        SendAsync(HttpMethod.Put, $"/api/v1/robots/{robot}/master", new { type = "device", device, takeover });

    public Task<JsonNode?> BindSlaveAsync(string robot, string device, bool takeover = false) =>
        SendAsync(HttpMethod.Post, $"/api/v1/robots/{robot}/slaves", new { type = "device", device, takeover });

    public Task<JsonNode?> PostAsync(string path) => SendAsync(HttpMethod.Post, $"/api/v1{path}");

    public async Task<uint> EpochAsync(string robot) => (await GetAsync($"/api/v1/robots/{robot}"))["epoch"]!.GetValue<uint>();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        folder.Dispose();
        Logs.Dispose();
    }
}
