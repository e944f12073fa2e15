using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Armada.Up;

/// <summary>The part of the silo's REST interface that the job uses.</summary>
internal sealed class SiloClient(Uri address) : IDisposable
{
    private const string Robot = "demo";

    private readonly HttpClient http = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(5) };

    public async Task<bool> IsReadyAsync(CancellationToken cancellation)
    {
        try
        {
            using var response = await http.GetAsync(new Uri("/readyz", UriKind.Relative), cancellation);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Creates a device's identity and unpacks its bundle into a folder.</summary>
    public async Task ProvisionAsync(string device, string kind, string folder, CancellationToken cancellation)
    {
        var created = await SendAsync(HttpMethod.Post, "/api/v1/devices", new JsonObject { ["name"] = device, ["kind"] = kind }, cancellation);
        var url = (string?)created?["bundle"]?["url"] ?? throw new HttpRequestException($"the silo offers no bundle for {device}");
        await using var bundle = await http.GetStreamAsync(new Uri(url), cancellation);
        await ZipFile.ExtractToDirectoryAsync(bundle, folder, overwriteFiles: true, cancellation); // Keeps the file modes: keys are 0600.
    }

    /// <summary>Creates the robot with the leader as its master and the follower as its slave.</summary>
    public async Task CreateRobotAsync(string model, string leader, string follower, CancellationToken cancellation)
    {
        await SendAsync(HttpMethod.Post, "/api/v1/robots", new JsonObject { ["id"] = Robot, ["model"] = model }, cancellation);
        await SendAsync(HttpMethod.Post, $"/api/v1/robots/{Robot}/slaves", DeviceOf(follower), cancellation);
        await SendAsync(HttpMethod.Put, $"/api/v1/robots/{Robot}/master", DeviceOf(leader), cancellation);

        static JsonObject DeviceOf(string name) => new() { ["type"] = "device", ["device"] = name };
    }

    public async Task<RobotStatus> GetRobotAsync(CancellationToken cancellation)
    {
        var robot = await GetAsync($"/api/v1/robots/{Robot}", cancellation);
        var slave = robot["slaves"] is JsonArray { Count: > 0 } slaves ? slaves[0] : null;
        return new RobotStatus(
            (string?)robot["master"]?["state"], (string?)slave?["state"], (bool?)slave?["approaching"] ?? false);
    }

    public async Task<FleetStatus> GetFleetAsync(CancellationToken cancellation)
    {
        var fleet = await GetAsync("/api/v1/fleet", cancellation);
        return new FleetStatus(
            (long)fleet["frames_routed"]!,
            fleet["frames_dropped"]!.AsObject().ToDictionary(reason => reason.Key, reason => (long)reason.Value!));
    }

    /// <summary>What a device says and is told, as it passes.</summary>
    public async IAsyncEnumerable<JsonNode> TapAsync(string device, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var response = await http.GetAsync(
            new Uri($"/api/v1/devices/{device}/tap", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellation);
        response.EnsureSuccessStatusCode();
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        while (await lines.ReadLineAsync(cancellation) is { } line)
            yield return JsonNode.Parse(line)!;
    }

    public void Dispose() => http.Dispose();

    private async Task<JsonObject> GetAsync(string path, CancellationToken cancellation) =>
        await http.GetFromJsonAsync<JsonObject>(path, cancellation) ?? throw new HttpRequestException($"GET {path}: the silo answered null");

    private async Task<JsonNode?> SendAsync(HttpMethod method, string path, JsonObject body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body) };
        using var response = await http.SendAsync(request, cancellation);
        var text = await response.Content.ReadAsStringAsync(cancellation);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException($"{method} {path}: {(int)response.StatusCode} {text}");
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }
}

/// <param name="MasterState">State of the master's lease; null without a master.</param>
/// <param name="SlaveState">State of the first slave; null without one.</param>
/// <param name="Approaching">Whether that slave still approaches the master's pose at a bounded speed.</param>
internal sealed record RobotStatus(string? MasterState, string? SlaveState, bool Approaching);

/// <param name="Routed">Leader frames routed since the silo started.</param>
internal sealed record FleetStatus(long Routed, IReadOnlyDictionary<string, long> Dropped);
