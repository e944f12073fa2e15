using System.Net.Http.Json;
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

/// <summary>One router (a silo or the bare relay) with a broker of its own, and a load on them.</summary>
internal sealed class RouterUnderLoad : IAsyncDisposable
{
    private readonly Mosquitto broker;
    private readonly IAsyncDisposable[] routers;
    private readonly MqttLink publisher;
    private readonly MqttLink receiver;
    private readonly TempFolder data;
    private readonly Uri? address;

    private RouterUnderLoad(Mosquitto broker, IAsyncDisposable[] routers, TempFolder data, int arms, Uri? address = null)
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
    public static async Task<RouterUnderLoad> OfRelayAsync(int arms)
    {
        var broker = await Mosquitto.StartAsync();
        var relay = ArmadaProgram.Start("Armada.Bench", "relay", "--port", $"{broker.Port}");
        await relay.PrintsAsync("^relaying");
        var router = new RouterUnderLoad(broker, [relay], new TempFolder(), arms);
        await router.OpenAsync();
        router.Load.Run(20, TimeSpan.FromSeconds(1));
        return router;
    }

    /// <summary>With the silo as router, in a process of its own: one robot for each leader, with one follower.</summary>
    public static async Task<RouterUnderLoad> OfSiloAsync(int arms)
    {
        var broker = await Mosquitto.StartAsync();
        var data = new TempFolder();
        var address = FreeAddress();
        var silo = ArmadaProgram.Start(
            "Armada.Silo", "--urls", address.GetLeftPart(UriPartial.Authority), "--data", data.Path, "--mqtt", $"127.0.0.1:{broker.Port}");
        return await BoundAsync(new RouterUnderLoad(broker, [silo], data, arms, address), () => silo.Output);
    }

    /// <summary>With the silo as router in this process, so that its allocations can be counted.</summary>
    public static async Task<RouterUnderLoad> OfSiloHereAsync(int arms)
    {
        var broker = await Mosquitto.StartAsync();
        var data = new TempFolder();
        var address = FreeAddress();
        var silo = SiloHost.Build(
            new SiloOptions { Http = new() { Urls = [address] }, DataDirectory = data.Path, Link = new LinkOptions { ClientId = "armada-silo", Port = broker.Port } },
            logging => logging.ClearProviders());
        await silo.StartAsync();
        return await BoundAsync(new RouterUnderLoad(broker, [silo], data, arms, address), () => "");
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

    private static async Task<RouterUnderLoad> BoundAsync(RouterUnderLoad router, Func<string> output)
    {
        using var http = new HttpClient { BaseAddress = router.Address };
        await Eventually.Holds(() => $"the silo is ready; it printed:\n{output()}", () => IsReady(http), TimeSpan.FromSeconds(20));
        await router.OpenAsync();
        for (var arm = 0; arm < router.Load.Arms; arm++)
            await BindAsync(http, arm);
        await Eventually.Holds("every leader is told its epoch", () => router.Probe() && router.Load.AllLive, TimeSpan.FromSeconds(30));
        await Eventually.Holds("every frame becomes a command", () => router.Load.Run(20, TimeSpan.FromSeconds(0.5)).Lossless, TimeSpan.FromSeconds(30));
        return router;
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

    private static bool IsReady(HttpClient http)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/readyz");
            using var answer = http.Send(request);
            return answer.IsSuccessStatusCode;
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
