using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Armada.Up.Stage;

/// <summary>The silo's REST door, as far as the job uses it.</summary>
internal sealed class SiloClient(Uri address) : IDisposable
{
    private const string Robot = "demo";

    private readonly HttpClient http = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(5) };

    /// <summary>Makes the robot with one leader as its master and one follower as its slave.</summary>
    public async Task BindAsync(string model, string leader, string follower, CancellationToken cancellation)
    {
        await SendAsync(HttpMethod.Post, "/api/v1/robots", new JsonObject { ["id"] = Robot, ["model"] = model }, cancellation);
        await SendAsync(
            HttpMethod.Post, $"/api/v1/robots/{Robot}/slaves", new JsonObject { ["type"] = "device", ["device"] = follower }, cancellation);
        await SendAsync(
            HttpMethod.Put, $"/api/v1/robots/{Robot}/master", new JsonObject { ["type"] = "device", ["device"] = leader }, cancellation);
    }

    /// <summary>Gives a device its identity and unpacks its bundle.</summary>
    public async Task ProvisionAsync(string device, string kind, string folder, CancellationToken cancellation)
    {
        var made = await SendAsync(HttpMethod.Post, "/api/v1/devices", new JsonObject { ["name"] = device, ["kind"] = kind }, cancellation);
        var url = (string?)made?["bundle"]?["url"] ?? throw new HttpRequestException($"the silo has no bundle for {device}");
        await using var bundle = await http.GetStreamAsync(new Uri(url), cancellation);
        await ZipFile.ExtractToDirectoryAsync(bundle, folder, overwriteFiles: true, cancellation); // Modes come along: keys are 0600.
    }

    /// <summary>The robot as the silo shows it.</summary>
    public async Task<RobotView> RobotAsync(CancellationToken cancellation)
    {
        var robot = await http.GetFromJsonAsync<JsonObject>($"/api/v1/robots/{Robot}", cancellation)
            ?? throw new HttpRequestException("the silo showed no robot");
        return new RobotView(robot);
    }

    /// <summary>The fleet as the silo shows it.</summary>
    public async Task<FleetView> FleetAsync(CancellationToken cancellation)
    {
        var fleet = await http.GetFromJsonAsync<JsonObject>("/api/v1/fleet", cancellation)
            ?? throw new HttpRequestException("the silo showed no fleet");
        return FleetView.Of(fleet);
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    /// <summary>Whether the silo is ready to route.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellation)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri("/readyz", UriKind.Relative), cancellation);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<JsonNode?> SendAsync(HttpMethod method, string path, JsonObject body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body) };
        using var answer = await http.SendAsync(request, cancellation);
        if (!answer.IsSuccessStatusCode)
            throw new HttpRequestException($"{method} {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellation)}");
        var text = await answer.Content.ReadAsStringAsync(cancellation);
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }
}
