using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Armada.Silo;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Cluster.Documents;

/// <summary>One whole silo of a cluster in this process, with its doors on a free port and a data folder that outlives its restarts.</summary>
internal sealed class WholeSilo(SharedServers servers, string id, FailOnLoggedErrors logs, Func<SiloOptions, SiloOptions>? with = null) : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private WebApplication? silo;

    public string Data => folder.Path;

    public HttpClient Http { get; private set; } = null!;

    /// <summary>Starts it in a cluster of this name; its documents are those of the test's id.</summary>
    public async Task StartAsync(string cluster)
    {
        var options = new SiloOptions
        {
            DataDirectory = folder.Path,
            Http = new() { Urls = [new Uri("http://127.0.0.1:0")] },
            Link = new() { ClientId = $"silo-{Guid.NewGuid():n}", Port = servers.Broker.Port },
            Cluster = new SiloClusterOptions(
                cluster, id, servers.Redis.Address, new IPEndPoint(IPAddress.Loopback, FreePort.Next()), FreePort.Next()),
        };
        silo = SiloHost.Build(with?.Invoke(options) ?? options, logging => logging.AddProvider(logs));
        await silo.StartAsync();
        Http = new HttpClient { BaseAddress = new Uri(silo.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
    }

    public T Of<T>()
        where T : notnull => silo!.Services.GetRequiredService<T>();

    /// <summary>Asks its doors with a key or without; the answer's status and its body.</summary>
    public async Task<(int Status, JsonNode? Body)> AskAsync(HttpMethod method, string path, string? key, object? body = null)
    {
        using var request = new HttpRequestMessage(method, $"/api/v1{path}") { Content = body is null ? null : JsonContent.Create(body) };
        if (key is not null)
            request.Headers.Add("X-Api-Key", key);
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    /// <summary>Makes a key and gives its text.</summary>
    public async Task<string> MakeKeyAsync(string? with, string name, string role = "operator")
    {
        var (status, made) = await AskAsync(HttpMethod.Post, "/keys", with, new { name, role });
        Assert.True(status == 201, $"{status} {made}");
        return made!["key"]!.GetValue<string>();
    }

    /// <summary>The doors let this key in, or, where there is none, anybody.</summary>
    public Task LetsInAsync(string? key) => AnswersAsync(key, 200);

    /// <summary>The doors do not let this key in.</summary>
    public Task RefusesAsync(string? key) => AnswersAsync(key, 401);

    public async Task StopAsync()
    {
        if (silo is null)
            return;
        Http?.Dispose();
        SiloStops.Begin();
        await silo.StopAsync();
        await silo.DisposeAsync();
        silo = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        folder.Dispose();
    }

    private Task AnswersAsync(string? key, int status) => Eventually.Holds(
        $"{Http.BaseAddress} answers {status}",
        () => AskAsync(HttpMethod.Get, "/robots", key).GetAwaiter().GetResult().Status == status,
        TimeSpan.FromSeconds(10));
}
