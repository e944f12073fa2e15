using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Armada.Mqtt;
using Armada.Silo.Identities;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Armada.Tests.Cluster.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Tests.Cluster.Gateways;

/// <summary>Two silos that only host robots and two gateways that devices connect to, each a process, with certificates everywhere and without any broker.</summary>
internal sealed class GatewaysOfProcesses : IClusterOfProcesses, IAsyncDisposable
{
    private const int Count = 2; // Of each kind.

    private static readonly TimeSpan Starting = TimeSpan.FromSeconds(60);

    private readonly TempFolder folder = new();
    private readonly TestCertificates members;
    private readonly RunningProcess?[] silos = new RunningProcess?[Count];
    private readonly RunningProcess?[] gateways = new RunningProcess?[Count];
    private readonly List<string> past = [];
    private readonly int[] devicePorts = [.. Enumerable.Range(0, Count).Select(_ => FreePort.Next())];
    private readonly HttpClient[] http = [.. Enumerable.Range(0, Count).Select(_ => new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{FreePort.Next()}") })];
    private readonly Testing.Brokers.Redis redis;

    private GatewaysOfProcesses(Testing.Brokers.Redis redis)
    {
        this.redis = redis;
        members = new TestCertificates(folder);
        CertificateAuthority.Open(new AuthorityFolder(Authority), mayMake: true, TimeProvider.System, NullLogger<CertificateAuthority>.Instance).Dispose();
    }

    private string Authority => folder.File("authority");

    public static async Task<GatewaysOfProcesses> StartAsync()
    {
        var cluster = new GatewaysOfProcesses(await Testing.Brokers.Redis.StartAsync());
        try
        {
            for (var index = 0; index < Count; index++)
            {
                cluster.StartSilo(index);
                cluster.StartGateway(index);
            }

            await Eventually.Holds(() => $"every gateway is ready\n{cluster.Logs()}", () => Enumerable.Range(0, Count).All(cluster.IsReady), Starting);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public void StartSilo(int index) => silos[index] = Start(
        $"silo-{index}", "silo", "--urls", "http://127.0.0.1:0", "--silo-endpoint", $"127.0.0.1:{FreePort.Next()}", "--gateway-port", $"{FreePort.Next()}");

    public void StartGateway(int index) => gateways[index] = Start(
        $"gateway-{index}", "gateway", "--urls", http[index].BaseAddress!.GetLeftPart(UriPartial.Authority), "--broker", $"127.0.0.1:{devicePorts[index]}",
        "--broker-host", $"127.0.0.1:{devicePorts[0]}", $"127.0.0.1:{devicePorts[1]}");

    /// <summary>Kills a silo, or lets it hang.</summary>
    public Task LoseSiloAsync(int index, Signal signal) => LoseAsync(silos, index, signal);

    /// <summary>Kills a gateway, or lets it hang.</summary>
    public Task LoseGatewayAsync(int index, Signal signal) => LoseAsync(gateways, index, signal);

    /// <summary>Starts one that was killed, and wakes one that hangs; a silo that was given up ends then, and is started again.</summary>
    public async Task RestoreSiloAsync(int index)
    {
        if (silos[index] is { } hung)
        {
            await hung.SendAsync(Signal.Continue);
            await hung.ExitsAsync(Starting);
            await EndAsync(silos, index);
        }

        StartSilo(index);
    }

    /// <summary>Starts one that was killed, and wakes one that hangs.</summary>
    public async Task RestoreGatewayAsync(int index)
    {
        if (gateways[index] is { } hung)
            await hung.SendAsync(Signal.Continue);
        else
            StartGateway(index);
    }

    /// <summary>The silo where a robot's master went live last.</summary>
    public int HostOf(string robot) => Enumerable.Range(0, Count).MaxBy(silo => Reigns(silo, robot).LastOrDefault() ?? "", StringComparer.Ordinal);

    /// <summary>How often a robot's master went live at a silo since its start.</summary>
    public int ReignsAt(int silo, string robot) => Reigns(silo, robot).Count();

    public bool IsReady(int gateway)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/readyz");
            using var answer = http[gateway].Send(request);
            using var body = answer.Content.ReadAsStream();
            return answer.IsSuccessStatusCode && JsonNode.Parse(body)!["silos"]!.GetValue<int>() == silos.Count(silo => silo is not null);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public async Task<JsonNode> ConfigureAsync(string device, string kind, string port, string folder)
    {
        var token = (await PostAsync(0, "/api/v1/enrollment-tokens", new { kind, name = device }))["token"]!.GetValue<string>();
        await using var enrolling = ArmadaProgram.Start(
            "Armada.EdgeAgent", "enroll", "--server", http[1].BaseAddress!.ToString(), "--token", token, "--folder", folder, "--port", port);
        Assert.True(await enrolling.ExitsAsync(Starting) == 0, enrolling.Output);
        var file = Path.Combine(folder, "agent.json");
        var configuration = JsonNode.Parse(File.ReadAllText(file))!;
        var tls = configuration["broker"]!["tls"]!.AsObject();
        foreach (var (name, path) in tls.ToArray())
            tls[name] = Path.Combine(folder, path!.GetValue<string>());
        return configuration;
    }

    public async Task<JsonNode> PostAsync(int silo, string path, object? body = null)
    {
        using var answer = await http[silo % Count].PostAsJsonAsync(path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"POST {path}: {answer.StatusCode} {text}\n{Logs()}");
        return JsonNode.Parse(text.Length == 0 ? "null" : text)!;
    }

    public async Task PutAsync(int silo, string path, object body)
    {
        using var answer = await http[silo % Count].PutAsJsonAsync(path, body);
        Assert.True(answer.IsSuccessStatusCode, $"PUT {path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}\n{Logs()}");
    }

    public async Task DeleteAsync(int silo, string path)
    {
        using var answer = await http[silo % Count].DeleteAsync(new Uri(path, UriKind.Relative));
        Assert.True(answer.IsSuccessStatusCode, $"DELETE {path}: {answer.StatusCode}\n{Logs()}");
    }

    /// <summary>Enrolls a device and connects it to one gateway.</summary>
    public async Task<MqttLink> ConnectAsync(int gateway, string device)
    {
        var tls = (await ConfigureAsync(device, "so101-leader", $"/dev/{device}", folder.File(device)))["broker"]!["tls"]!;
        string File(string name) => tls[name]!.GetValue<string>().Replace("{device}", device, StringComparison.Ordinal);
        var link = new MqttLink(
            new LinkOptions { ClientId = device, Hosts = [$"127.0.0.1:{devicePorts[gateway]}"], Tls = new LinkTls(File("ca"), File("certificate"), File("key")) },
            NullLogger<MqttLink>.Instance);
        await link.StartAsync(CancellationToken.None);
        await Eventually.Holds(() => $"{device} is connected\n{Logs()}", () => link.State == LinkState.Up);
        return link;
    }

    public int DevicePortOf(int gateway) => devicePorts[gateway];

    public string Logs() => string.Join('\n', [.. past, .. silos.Select((one, index) => $"silo {index}:\n{one?.Output}"), .. gateways.Select((one, index) => $"gateway {index}:\n{one?.Output}")]);

    public async ValueTask DisposeAsync()
    {
        for (var index = 0; index < Count; index++)
        {
            await EndAsync(gateways, index);
            await EndAsync(silos, index);
            http[index].Dispose();
        }

        await redis.DisposeAsync();
        members.Dispose();
        folder.Dispose();
    }

    private IEnumerable<string> Reigns(int silo, string robot) => // Lines begin with the time.
        silos[silo]?.Lines.Where(line => line.Contains($"{robot}: MasterLive", StringComparison.Ordinal)) ?? [];

    private RunningProcess Start(string name, string role, params string[] more)
    {
        var (certificate, key) = members.Member(name);
        return ArmadaProgram.Start(
            "Armada.Silo",
            ["--data", folder.File(name), "--cluster", "gateways", "--role", role, "--redis", redis.Address, "--authority", Authority,
             "--cluster-ca", members.CaFile, "--cluster-cert", certificate, "--cluster-key", key, .. more]);
    }

    private Task LoseAsync(RunningProcess?[] all, int index, Signal signal) =>
        signal == Signal.Kill ? EndAsync(all, index) : all[index]!.SendAsync(signal);

    private async Task EndAsync(RunningProcess?[] all, int index)
    {
        if (all[index] is not { } process)
            return;
        await process.SendAsync(Signal.Kill);
        await process.ExitsAsync(Starting);
        past.Add($"{(all == silos ? "silo" : "gateway")} {index}, killed:\n{process.Output}");
        await process.DisposeAsync();
        all[index] = null;
    }
}
