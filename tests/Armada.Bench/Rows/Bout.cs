using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Armada.Bench.Load;
using Armada.Mqtt;
using Armada.Silo;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Bench.Rows;

/// <summary>A broker of its own, one router in a process of its own, and a load on them.</summary>
internal sealed class Bout : IAsyncDisposable
{
    private readonly Mosquitto broker;
    private readonly IAsyncDisposable[] routers;
    private readonly MqttLink publisher;
    private readonly MqttLink receiver;
    private readonly TempFolder data;
    private readonly Uri? address;

    private Bout(Mosquitto broker, IAsyncDisposable[] routers, TempFolder data, int arms, Uri? address = null)
    {
        this.address = address;
        this.broker = broker;
        this.routers = routers;
        this.data = data;
        publisher = Link(broker.Port, "bench-publisher");
        receiver = Link(broker.Port, "bench-receiver");
        Load = new ArmLoad(publisher, receiver, arms);
    }

    public ArmLoad Load { get; }

    /// <summary>Where the silo listens.</summary>
    public Uri Address => address ?? throw new InvalidOperationException("the relay has no address");

    /// <summary>With the bare relay as router.</summary>
    public static async Task<Bout> OfRelayAsync(int arms)
    {
        var broker = await Mosquitto.StartAsync();
        var relay = ArmadaProgram.Start("Armada.Bench", "relay", "--port", $"{broker.Port}");
        await relay.PrintsAsync("^relaying");
        var bout = new Bout(broker, [relay], new TempFolder(), arms);
        await bout.OpenAsync();
        bout.Load.Run(20, TimeSpan.FromSeconds(1));
        return bout;
    }

    /// <summary>With the silo as router, in a process of its own: one robot for each leader, with one follower.</summary>
    public static async Task<Bout> OfSiloAsync(int arms)
    {
        var broker = await Mosquitto.StartAsync();
        var data = new TempFolder();
        var address = FreeAddress();
        var silo = ArmadaProgram.Start(
            "Armada.Silo", "--urls", address.GetLeftPart(UriPartial.Authority), "--data", data.Path, "--mqtt", $"127.0.0.1:{broker.Port}");
        return await BoundAsync(new Bout(broker, [silo], data, arms, address), () => silo.Output);
    }

    /// <summary>With a cluster of silos as router, each in a process of its own, on a Redis: one grain for each robot.</summary>
    public static async Task<Bout> OfGrainsAsync(int arms, int silos)
    {
        var broker = await Mosquitto.StartAsync();
        var redis = await Redis.StartAsync();
        var data = new TempFolder();
        var addresses = Enumerable.Range(0, silos).Select(_ => FreeAddress()).ToArray();
        var processes = addresses.Select((address, index) => ArmadaProgram.Start(
            "Armada.Silo",
            "--urls", address.GetLeftPart(UriPartial.Authority),
            "--data", Path.Combine(data.Path, $"{index}"),
            "--mqtt", $"127.0.0.1:{broker.Port}",
            "--client-id", $"silo-{index}",
            "--cluster", "bench",
            "--redis", redis.Address,
            "--silo-endpoint", $"127.0.0.1:{FreePort.Next()}",
            "--gateway-port", $"{FreePort.Next()}")).ToArray();
        foreach (var address in addresses)
        {
            using var http = new HttpClient { BaseAddress = address };
            await Eventually.Holds(
                () => $"a silo is ready; they printed:\n{string.Join('\n', processes.Select(process => process.Output))}",
                () => IsReady(http, silos),
                TimeSpan.FromSeconds(40));
        }

        return await BoundAsync(new Bout(broker, [.. processes, redis], data, arms, addresses[0]), () => processes[0].Output);
    }

    /// <summary>With the silo as router in this process, so that its allocations can be counted.</summary>
    /// <param name="arms">How many.</param>
    /// <param name="asGrains">As a cluster of this one silo.</param>
    public static async Task<Bout> OfSiloHereAsync(int arms, bool asGrains = false)
    {
        var broker = await Mosquitto.StartAsync();
        var data = new TempFolder();
        var address = FreeAddress();
        var silo = SiloHost.Build(
            new SiloOptions
            {
                Http = new() { Urls = [address] },
                DataDirectory = data.Path,
                Cluster = asGrains ? new SiloClusterOptions("bench", "bench", null, new IPEndPoint(IPAddress.Loopback, FreePort.Next()), FreePort.Next()) : null,
                Link = new LinkOptions { ClientId = "armada-silo", Port = broker.Port },
            },
            logging => logging.ClearProviders());
        await silo.StartAsync();
        return await BoundAsync(new Bout(broker, [silo], data, arms, address), () => "");
    }

    public async ValueTask DisposeAsync()
    {
        await publisher.DisposeAsync();
        await receiver.DisposeAsync();
        foreach (var router in routers)
            await router.DisposeAsync();
        await broker.DisposeAsync();
        data.Dispose();
    }

    private static Uri FreeAddress() => new($"http://127.0.0.1:{FreePort.Next()}");

    private static async Task<Bout> BoundAsync(Bout bout, Func<string> output)
    {
        using var http = new HttpClient { BaseAddress = bout.Address };
        await Eventually.Holds(() => $"the silo is ready; it printed:\n{output()}", () => IsReady(http), TimeSpan.FromSeconds(20));
        await bout.OpenAsync();
        for (var arm = 0; arm < bout.Load.Arms; arm++)
            await BindAsync(http, arm);
        await Eventually.Holds("every leader is told its epoch", () => bout.Probe() && bout.Load.AllLive, TimeSpan.FromSeconds(30));
        await Eventually.Holds("every frame becomes a command", () => bout.Load.Run(20, TimeSpan.FromSeconds(0.5)).Lossless, TimeSpan.FromSeconds(30));
        return bout;
    }

    private async Task OpenAsync()
    {
        await receiver.StartAsync(CancellationToken.None);
        await publisher.StartAsync(CancellationToken.None);
        await Eventually.Holds("both links are up", () => publisher.State == LinkState.Up && receiver.State == LinkState.Up);
    }

    private bool Probe()
    {
        Load.Run(10, TimeSpan.FromSeconds(0.3));
        return true;
    }

    private static bool IsReady(HttpClient http, int? silos = null)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/readyz");
            using var answer = http.Send(request);
            using var body = answer.Content.ReadAsStream();
            return answer.IsSuccessStatusCode && (silos is null || JsonNode.Parse(body)!["silos"]!.GetValue<int>() == silos);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task BindAsync(HttpClient http, int arm)
    {
        var robot = $"/api/v1/robots/bench-{arm}";
        (await http.PostAsJsonAsync("/api/v1/robots", new { id = $"bench-{arm}", model = "so101" })).EnsureSuccessStatusCode();
        (await http.PostAsJsonAsync($"{robot}/slaves", new { type = "device", device = ArmLoad.FollowerName(arm) })).EnsureSuccessStatusCode();
        (await http.PutAsJsonAsync($"{robot}/master", new { type = "device", device = ArmLoad.LeaderName(arm) })).EnsureSuccessStatusCode();
    }

    private static MqttLink Link(int port, string name) =>
        new(new LinkOptions { ClientId = name, Port = port }, NullLogger<MqttLink>.Instance);
}
