using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Armada.Messaging.Link;
using Armada.Silo;
using Armada.Silo.Options;
using Armada.Silo.Telemetry;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Wire.Topics;
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
    private readonly SiloOptions options;
    private WebApplication silo = null!;

    private RunningSilo(int brokerPort, TopicMap topics)
    {
        Topics = topics;
        options = new SiloOptions
        {
            Urls = [new Uri("http://127.0.0.1:0")],
            DataDirectory = folder.Path,
            Topics = topics,
            Link = new LinkOptions { ClientId = $"silo-{topics.Root.Replace('/', '-')}", Port = brokerPort },
        };
    }

    public TopicMap Topics { get; }

    public string Data => folder.Path;

    public FailOnLoggedErrors Logs { get; } = new();

    public HttpClient Http { get; private set; } = null!;

    public SiloTelemetry Telemetry => Service<SiloTelemetry>();

    public bool IsReady => Http.GetAsync(new Uri("/readyz", UriKind.Relative)).GetAwaiter().GetResult().IsSuccessStatusCode;

    public static async Task<RunningSilo> StartAsync(Broker broker)
    {
        var running = new RunningSilo(broker.Mosquitto.Port, Broker.NextTopics());
        await running.StartAsync();
        return running;
    }

    public async Task StartAsync()
    {
        silo = SiloHost.Build(options, logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(Logs));
        await silo.StartAsync();
        var address = silo.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Http = new HttpClient { BaseAddress = new Uri(address) };
        var link = silo.Services.GetRequiredService<IMqttLink>();
        await Eventually.Holds("the silo reaches its broker", () => link.State == LinkState.Up);
    }

    public async Task StopAsync()
    {
        Http.Dispose();
        await silo.StopAsync();
        await silo.DisposeAsync();
    }

    /// <summary>A part of the running silo.</summary>
    public T Service<T>()
        where T : notnull => silo.Services.GetRequiredService<T>();

    public async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await Http.GetStringAsync(path))!;

    public async Task<JsonNode?> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
        return text.Length == 0 ? null : JsonNode.Parse(text);
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
