using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Armada.Bench.Load;
using Armada.Silo;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Microsoft.Extensions.Logging;

namespace Armada.Bench.Rows;

/// <summary>One router (a silo, the bare relay on its mosquitto, or the floor) and a load on it.</summary>
internal sealed class RouterUnderLoad : IAsyncDisposable
{
    private readonly IAsyncDisposable[] parts;
    private readonly int[] processes;
    private readonly TempFolder? data;
    private readonly Uri? address;

    private RouterUnderLoad(ArmLoad load, IAsyncDisposable[] parts, int[] processes, TempFolder? data = null, Uri? address = null) =>
        (Load, this.parts, this.processes, this.data, this.address) = (load, parts, processes, data, address);

    public ArmLoad Load { get; }

    /// <summary>Where the silo listens.</summary>
    public Uri Address => address ?? throw new InvalidOperationException("only a silo has an address");

    /// <summary>Processor time of its processes so far.</summary>
    public TimeSpan ProcessorTime => processes.Aggregate(TimeSpan.Zero, (sum, id) => sum + ProcessCost.ProcessorTimeOf(id));

    /// <summary>With the bare relay as router.</summary>
    public static async Task<RouterUnderLoad> OfRelayAsync(int arms, bool tls)
    {
        var broker = await (tls ? Mosquitto.StartTlsAsync() : Mosquitto.StartAsync());
        string[] identity = [];
        if (tls)
        {
            var (certificate, key) = broker.Certificates!.Client("bench-relay");
            identity = ["--cert", certificate, "--key", key];
        }

        var relay = ArmadaProgram.Start("Armada.Bench", ["relay", "--port", $"{broker.Port}", .. identity]);
        await relay.PrintsAsync("^relaying");
        var load = await ArmLoad.ConnectAsync(broker.Port, arms, tls ? name => Pem(broker.Certificates!.Client(name)) : null);
        return await RoutingAsync(new RouterUnderLoad(load, [relay, broker], [relay.Id, broker.ProcessId]));
    }

    /// <summary>With the floor as router, without TLS.</summary>
    public static async Task<RouterUnderLoad> OfFloorAsync(int arms)
    {
        var port = FreePort.Next();
        var floor = ArmadaProgram.Start("Armada.Bench", "floor", "--port", $"{port}");
        await floor.PrintsAsync("^listening");
        return await RoutingAsync(new RouterUnderLoad(await ArmLoad.ConnectAsync(port, arms, null), [floor], [floor.Id]));
    }

    /// <summary>With the silo as router, in a process of its own: one robot for each leader, with one follower.</summary>
    public static async Task<RouterUnderLoad> OfSiloAsync(int arms, bool tls)
    {
        var (data, address, port, plain) = (new TempFolder(), FreeAddress(), FreePort.Next(), FreePort.Next());
        var silo = ArmadaProgram.Start(
            "Armada.Silo", "--urls", address.GetLeftPart(UriPartial.Authority), "--data", data.Path, "--broker", $"127.0.0.1:{port}", "--broker-plain", $"{plain}");
        return await BoundAsync(arms, tls ? (port, true) : (plain, false), [silo], [silo.Id], data, address, () => silo.Output);
    }

    /// <summary>With the silo as router in this process and without TLS, so that its allocations can be counted.</summary>
    public static async Task<RouterUnderLoad> OfSiloHereAsync(int arms)
    {
        var (data, address, plain) = (new TempFolder(), FreeAddress(), FreePort.Next());
        var options = new SiloOptions
        {
            Http = new() { Urls = [address] },
            DataDirectory = data.Path,
            Broker = new() { Address = IPAddress.Loopback, Port = FreePort.Next(), PlainPort = plain },
        };
        var silo = SiloHost.Build(options, logging => logging.ClearProviders());
        await silo.StartAsync();
        return await BoundAsync(arms, (plain, false), [silo], [Environment.ProcessId], data, address, () => "");
    }

    public async ValueTask DisposeAsync()
    {
        await Load.DisposeAsync();
        foreach (var part in parts)
            await part.DisposeAsync();
        data?.Dispose();
    }

    private static Uri FreeAddress() => new($"http://127.0.0.1:{FreePort.Next()}");

    private static async Task<RouterUnderLoad> BoundAsync(
        int arms, (int Port, bool Tls) endpoint, IAsyncDisposable[] parts, int[] processes, TempFolder data, Uri address, Func<string> output)
    {
        using var http = new HttpClient { BaseAddress = address };
        await Eventually.Holds(() => $"the silo is ready; it printed:\n{output()}", () => IsReady(http), TimeSpan.FromSeconds(20));
        var certificates = new Dictionary<string, X509Certificate2>();
        for (var arm = 0; arm < arms; arm++)
        {
            foreach (var (name, kind) in new[] { (ArmLoad.LeaderName(arm), "so101-leader"), (ArmLoad.FollowerName(arm), "so101-follower") })
                certificates[name] = await RegisterAsync(http, name, kind);
            await BindAsync(http, arm);
        }

        var load = await ArmLoad.ConnectAsync(endpoint.Port, arms, endpoint.Tls ? name => certificates[name] : null);
        var router = new RouterUnderLoad(load, parts, processes, data, address);
        await Eventually.Holds("every leader is told its epoch", () => router.Probe() && load.AllLive, TimeSpan.FromSeconds(30));
        return await RoutingAsync(router);
    }

    private static async Task<RouterUnderLoad> RoutingAsync(RouterUnderLoad router)
    {
        await Eventually.Holds("every frame becomes a command", () => router.Load.Run(20, TimeSpan.FromSeconds(0.5)).Lossless, TimeSpan.FromSeconds(30));
        return router;
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

    public static async Task<X509Certificate2> RegisterAsync(HttpClient http, string name, string kind)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        using var answer = await http.PostAsJsonAsync("/api/v1/devices", new { name, kind, csr });
        answer.EnsureSuccessStatusCode();
        var made = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        using var certificate = X509Certificate2.CreateFromPem(made["certificate"]!.GetValue<string>());
        return certificate.CopyWithPrivateKey(key);
    }

    private static async Task BindAsync(HttpClient http, int arm)
    {
        var robot = string.Create(CultureInfo.InvariantCulture, $"/api/v1/robots/bench-{arm}");
        (await http.PostAsJsonAsync("/api/v1/robots", new { id = $"bench-{arm}", model = "so101" })).EnsureSuccessStatusCode();
        (await http.PostAsJsonAsync($"{robot}/slaves", new { type = "device", device = ArmLoad.FollowerName(arm) })).EnsureSuccessStatusCode();
        (await http.PutAsJsonAsync($"{robot}/master", new { type = "device", device = ArmLoad.LeaderName(arm) })).EnsureSuccessStatusCode();
    }

    private static X509Certificate2 Pem((string CertificateFile, string KeyFile) files) => X509Certificate2.CreateFromPemFile(files.CertificateFile, files.KeyFile);
}
