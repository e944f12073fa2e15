using System.Net;
using System.Text.Json.Nodes;
using Armada.Core.Engine;
using Armada.Core.Topics;
using Armada.Grains.Robots;
using Armada.Silo.Identities;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Devices;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Armada.Tests.Cluster.Documents;

namespace Armada.Tests.Cluster.Routing;

/// <summary>Whole silos of one cluster that devices connect to; there is no broker.</summary>
internal sealed class EndpointSilos : IAsyncDisposable
{
    private static readonly TopicMap Topics = new();

    private readonly SharedServers servers;
    private readonly FailOnLoggedErrors logs;
    private readonly string id = $"test-{Guid.NewGuid():n}";
    private readonly TempFolder folder = new();
    private readonly List<WholeSilo> silos = [];
    private readonly List<int> ports = [];
    private int gateways;
    private readonly List<ScriptedDevice> devices = [];

    private EndpointSilos(SharedServers servers, FailOnLoggedErrors logs) => (this.servers, this.logs) = (servers, logs);

    public WholeSilo this[int silo] => silos[silo];

    /// <summary>Where devices connect to a silo, without TLS.</summary>
    public int PortOf(int silo) => ports[silo];

    public static async Task<EndpointSilos> StartAsync(SharedServers servers, FailOnLoggedErrors logs, int count = 2)
    {
        var silos = new EndpointSilos(servers, logs);
        CertificateAuthority.Open(new AuthorityFolder(silos.folder.Path), mayMake: true, TimeProvider.System, logs.For<CertificateAuthority>()).Dispose();
        for (var silo = 0; silo < count; silo++)
            await silos.AddAsync();
        return silos;
    }

    /// <summary>One more silo, or gateway, joins.</summary>
    public async Task AddAsync(SiloRole role = SiloRole.Both)
    {
        var port = FreePort.Next();
        ports.Add(port);
        silos.Add(new WholeSilo(servers, id, logs, options => options with
        {
            Broker = new() { Address = IPAddress.Loopback, Port = FreePort.Next(), PlainPort = port },
            Authorities = [folder.Path],
            Cluster = options.Cluster! with { Role = role },
        }));
        gateways += role == SiloRole.Gateway ? 1 : 0;
        await silos[^1].StartAsync(id);
        await Eventually.Holds("all silos see all", () => silos.All(silo => silo.Of<IEngineHealth>().Now is { Loaded: true } health && health.Silos == silos.Count - gateways));
    }

    /// <summary>Connects a device to a silo.</summary>
    public async Task<ScriptedDevice> ConnectAsync(int silo, string name, string? instance = null)
    {
        var device = await ScriptedDevice.StartAsync(ports[silo], Topics, name, instance: instance);
        devices.Add(device);
        return device;
    }

    /// <summary>Makes a robot of a leader and a follower that runs in a silo.</summary>
    public async Task MakeRobotAsync(int silo, string robot, string leader, string follower)
    {
        await AskAsync(HttpMethod.Post, "/devices", new { name = leader, kind = "so101-leader" });
        await AskAsync(HttpMethod.Post, "/devices", new { name = follower, kind = "so101-follower" });
        await AskAsync(HttpMethod.Post, "/robots", new { id = robot, model = "so101" });
        await AskAsync(HttpMethod.Post, $"/robots/{robot}/slaves", new { type = "device", device = follower });
        await AskAsync(HttpMethod.Put, $"/robots/{robot}/master", new { type = "device", device = leader });
        await MoveAsync(robot, silo);
    }

    public async Task MoveAsync(string robot, int to)
    {
        await silos[to].Of<IGrainFactory>().GetGrain<IRobotGrain>(robot).MoveAsync(silos[to].Of<ILocalSiloDetails>().SiloAddress);
        await Eventually.Holds($"{robot} runs in silo {to}", () => Runs(robot, to));
    }

    public bool Runs(string robot, int silo) => silos[silo].Of<HostedRobots>().All.Any(running => running.Id == robot);

    public async Task<JsonNode?> AskAsync(HttpMethod method, string path, object? body = null, int? silo = null)
    {
        var asked = silos[silo ?? silos.Count - 1]; // A silo that serves no devices serves no requests either.
        var (status, answer) = await asked.AskAsync(method, path, key: null, body);
        Assert.True(status is >= 200 and < 300, $"{method} {path}: {status} {answer}");
        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var device in devices)
            await device.DisposeAsync();
        foreach (var silo in silos)
            await silo.DisposeAsync();
        folder.Dispose();
    }
}
