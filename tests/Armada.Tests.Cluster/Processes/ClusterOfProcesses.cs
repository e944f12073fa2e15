using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Armada.Silo.Identities;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Tests.Cluster.Processes;

/// <summary>Three real silos on a real Redis, and on a real mosquitto or with endpoints of their own.</summary>
internal sealed class ClusterOfProcesses : IClusterOfProcesses, IAsyncDisposable
{
    public const int Count = 3;

    private static readonly TimeSpan Starting = TimeSpan.FromSeconds(60);

    private readonly TempFolder folder = new();
    private readonly CuttingProxy redisOfLast; // The last silo reaches Redis through it.
    private readonly RunningProcess?[] silos = new RunningProcess?[Count];
    private readonly List<string> past = [];
    private readonly int[] tlsPorts = [.. Enumerable.Range(0, Count).Select(_ => FreePort.Next())];
    private readonly int[] siloPorts = [.. Enumerable.Range(0, Count).Select(_ => FreePort.Next())];
    private readonly int[] gatewayPorts = [.. Enumerable.Range(0, Count).Select(_ => FreePort.Next())];

    private readonly Mosquitto? broker;
    private readonly int[] devicePorts;

    private ClusterOfProcesses(Mosquitto? broker, Testing.Brokers.Redis redis)
    {
        (this.broker, Redis) = (broker, redis);
        devicePorts = broker is null ? [.. Enumerable.Range(0, Count).Select(_ => FreePort.Next())] : [];
        CertificateAuthority.Open(new AuthorityFolder(folder.File("authority")), mayMake: true, TimeProvider.System, NullLogger<CertificateAuthority>.Instance).Dispose();
        redisOfLast = new CuttingProxy(redis.Port);
        Doors = [.. Enumerable.Range(0, Count).Select(_ => new HttpClient
        {
            BaseAddress = new Uri($"http://127.0.0.1:{FreePort.Next()}"),
            Timeout = TimeSpan.FromSeconds(20),
        })];
    }

    public Mosquitto Broker => broker ?? throw new InvalidOperationException("devices connect to the silos");

    /// <summary>Where devices connect to the silos, one for each; empty where they connect to the broker.</summary>
    public IReadOnlyList<string> DeviceHosts => [.. devicePorts.Select(port => $"127.0.0.1:{port}")];

    public Testing.Brokers.Redis Redis { get; }

    /// <summary>One for each silo.</summary>
    public HttpClient[] Doors { get; }

    public static async Task<ClusterOfProcesses> StartAsync(bool hasBroker = true)
    {
        var cluster = new ClusterOfProcesses(hasBroker ? await Mosquitto.StartAsync() : null, await Testing.Brokers.Redis.StartAsync());
        try
        {
            for (var silo = 0; silo < Count; silo++)
                cluster.Start(silo);
            await Eventually.Holds(
                () => $"every silo sees {Count}\n{cluster.Logs()}",
                () => Enumerable.Range(0, Count).All(silo => cluster.Sees(silo) == Count),
                Starting);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public void Start(int silo) => silos[silo] = ArmadaProgram.Start("Armada.Silo",
    [
        "--urls", Doors[silo].BaseAddress!.GetLeftPart(UriPartial.Authority),
        "--data", Path.Combine(folder.Path, $"silo-{silo}"),
        "--cluster", "processes",
        "--redis", silo == Count - 1 ? $"127.0.0.1:{redisOfLast.Port}" : Redis.Address,
        "--silo-endpoint", $"127.0.0.1:{siloPorts[silo]}",
        "--gateway-port", $"{gatewayPorts[silo]}",
        .. broker is null
            ? ["--broker", $"127.0.0.1:{tlsPorts[silo]}", "--broker-plain", $"{devicePorts[silo]}", "--authority", folder.File("authority")]
            : (string[])["--mqtt", $"127.0.0.1:{broker.Port}", "--client-id", $"silo-{silo}"]]);

    /// <summary>The last silo's way to Redis.</summary>
    public CuttingProxy RedisOfLast => redisOfLast;

    /// <summary>SIGSTOP: the silo hangs.</summary>
    public Task HangAsync(int silo) => silos[silo]!.SendAsync(Signal.Stop);

    /// <summary>SIGCONT: it goes on.</summary>
    public Task WakeAsync(int silo) => silos[silo]!.SendAsync(Signal.Continue);

    /// <summary>Whether a silo says that it is ready; false also where it does not answer.</summary>
    public bool IsReady(int silo) => Sees(silo) is not null;

    /// <summary>SIGKILL.</summary>
    public Task KillAsync(int silo) => EndAsync(silo, Signal.Kill);

    /// <summary>SIGTERM, and waits for the end.</summary>
    public Task StopAsync(int silo) => EndAsync(silo, Signal.Terminate);

    /// <summary>Waits until a silo that was started again is one of all.</summary>
    public Task IsBackAsync(int silo) => Eventually.Holds(
        () => $"silo {silo} is back among {Count}\n{silos[silo]?.Output}", () => Sees(silo) == Count, Starting);

    /// <summary>The silo where a robot's master went live last.</summary>
    public int HostOf(string robot) =>
        Enumerable.Range(0, Count).Single(silo => silos[silo]?.Lines.Any(line => line.Contains($"{robot}: MasterLive", StringComparison.Ordinal)) == true);

    public Task<JsonNode> ConfigureAsync(string device, string kind, string port, string folder) => Task.FromResult<JsonNode>(new JsonObject
    {
        ["broker"] = new JsonObject { ["hosts"] = new JsonArray("127.0.0.1"), ["port"] = Broker.Port },
        ["devices"] = new JsonArray(new JsonObject { ["name"] = device, ["kind"] = kind, ["port"] = port, ["calibration"] = "eeprom" }),
    });

    public async Task<JsonNode> PostAsync(int silo, string path, object? body = null)
    {
        using var answer = await Doors[silo].PostAsJsonAsync(path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"POST {path}: {answer.StatusCode} {text}\n{Logs()}");
        return JsonNode.Parse(text.Length == 0 ? "null" : text)!;
    }

    public async Task PutAsync(int silo, string path, object body)
    {
        using var answer = await Doors[silo].PutAsJsonAsync(path, body);
        Assert.True(answer.IsSuccessStatusCode, $"PUT {path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    public async ValueTask DisposeAsync()
    {
        for (var silo = 0; silo < Count; silo++)
            await EndAsync(silo, Signal.Kill);
        foreach (var door in Doors)
            door.Dispose();
        await redisOfLast.DisposeAsync();
        if (broker is not null)
            await broker.DisposeAsync();
        await Redis.DisposeAsync();
        folder.Dispose();
    }

    public string Logs() => string.Join('\n', [.. past, .. silos.Select((silo, index) => $"silo {index}:\n{silo?.Output}")]);

    private async Task EndAsync(int silo, Signal signal)
    {
        if (silos[silo] is not { } process)
            return;
        await process.SendAsync(signal);
        await process.ExitsAsync(TimeSpan.FromSeconds(40));
        past.Add($"silo {silo}, ended by {signal}:\n{process.Output}");
        await process.DisposeAsync();
        silos[silo] = null;
    }

    private int? Sees(int silo)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/readyz");
            using var answer = Doors[silo].Send(request);
            using var body = answer.Content.ReadAsStream();
            return answer.StatusCode == HttpStatusCode.OK ? JsonNode.Parse(body)!["silos"]!.GetValue<int>() : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
