using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Armada.Devices.Arms;
using Armada.Devices.Calibration;

namespace Armada.Up;

/// <summary>The programs of the job: a silo, two agents, and emulated arms where no real ones are named.</summary>
/// <remarks>Programs are stopped in the opposite order of their start.</remarks>
internal sealed class DemoEnvironment(Workspace workspace) : IAsyncDisposable
{
    public const string Leader = "leader-1";
    public const string Follower = "follower-1";

    private static readonly TimeSpan EmulatorTimeout = TimeSpan.FromSeconds(20);
    private static readonly string Dotnet = Environment.ProcessPath ?? "dotnet";

    private readonly List<ChildProcess> children = [];

    public Uri Silo { get; private set; } = new("http://127.0.0.1");

    /// <summary>Port on loopback where devices connect with their certificates.</summary>
    public int BrokerPort { get; private set; }

    /// <param name="preferredHttpPort">Taken if nobody else listens there; 0 for any free port.</param>
    public void StartSilo(int preferredHttpPort)
    {
        BrokerPort = FreePort();
        Silo = new Uri($"http://127.0.0.1:{FreePort(preferredHttpPort)}");
        Start(
            "silo",
            "Armada.Silo",
            "--urls", Silo.GetLeftPart(UriPartial.Authority),
            "--data", workspace.PathOf("data"),
            "--broker", $"127.0.0.1:{BrokerPort}");
    }

    /// <summary>Provisions each arm and starts its agent, after starting emulated arms where no ports were named.</summary>
    /// <exception cref="ChildProcessException">A program exited, or was not ready in time.</exception>
    public async Task StartArmsAsync(UpOptions options, SiloClient silo, CancellationToken cancellation)
    {
        var leader = await ArmAsync("leader", options.Leader, options.Calibration, cancellation);
        var follower = await ArmAsync("follower", options.Follower, options.Calibration, cancellation);
        foreach (var arm in (DemoArm[])[leader, follower])
        {
            await silo.ProvisionAsync(arm.Device, arm.Kind, workspace.Folder, cancellation);
            Start($"agent-{arm.Device}", "Armada.EdgeAgent", "run", "--config", WriteAgentConfiguration(arm));
        }
    }

    /// <exception cref="ChildProcessException">A program exited by itself; the message names it and what it printed last.</exception>
    public void ThrowIfAnyExited()
    {
        if (children.Find(child => child.ExitedUnexpectedly) is { } exited)
            throw exited.ExitError();
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = children.Count - 1; i >= 0; i--)
            await children[i].DisposeAsync();
        children.Clear();
    }

    private async Task<DemoArm> ArmAsync(string role, string? port, DirectoryInfo? calibration, CancellationToken cancellation)
    {
        var kind = $"so101-{role}";
        if (port is not null)
            return new DemoArm($"{role}-1", kind, port, calibration is null ? "eeprom" : new CalibrationFolder(calibration.FullName).FindOnly(ArmKind.Find(kind)!));
        var link = workspace.PathOf($"tty-{role}");
        var file = workspace.PathOf($"calibration-{role}.json");
        // An emulated hand waves the leader. The follower has none: a hand would resist its servos.
        string[] hand = role == "leader" ? ["--hand", "wave"] : [];
        var emulator = Start($"emulator-{role}", "Armada.Emulators", ["so101", "--role", role, "--link", link, "--calibration-out", file, .. hand]);
        await emulator.WaitForLineAsync("ready", EmulatorTimeout, cancellation);
        return new DemoArm($"{role}-1", kind, link, file);
    }

    private string WriteAgentConfiguration(DemoArm arm) => workspace.Write($"agent-{arm.Device}.json", new JsonObject
    {
        ["broker"] = new JsonObject
        {
            ["hosts"] = new JsonArray("127.0.0.1"),
            ["port"] = BrokerPort,
            ["tls"] = new JsonObject { ["ca"] = "ca.pem", ["certificate"] = "{device}.pem", ["key"] = "{device}.key" }, // The bundle's file names.
        },
        ["control_socket"] = workspace.PathOf($"agent-{arm.Device}.sock"),
        ["devices"] = new JsonArray(new JsonObject
        {
            ["name"] = arm.Device,
            ["kind"] = arm.Kind,
            ["port"] = arm.Port,
            ["calibration"] = arm.Calibration,
        }),
    }.ToString());

    private ChildProcess Start(string name, string project, params string[] arguments)
    {
        // artifacts/bin/<project>/<configuration>/: the other programs were built beside this one, under names of their own.
        const string ending = ".runtimeconfig.json";
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var folder = new DirectoryInfo(Path.Combine(here.Parent!.Parent!.FullName, project, here.Name));
        if (!folder.Exists || folder.GetFiles("*" + ending) is not [var program])
            throw new FileNotFoundException($"{project} is not built: run infra/up, which builds it", folder.FullName);
        var child = ChildProcess.Start(name, workspace.Folder, [Dotnet, program.FullName[..^ending.Length] + ".dll", .. arguments]);
        children.Add(child);
        return child;
    }

    private static int FreePort(int preferred = 0)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, preferred);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException) when (preferred != 0)
        {
            return FreePort();
        }
    }

    /// <param name="Calibration">Calibration file, or "eeprom" for what the servos hold.</param>
    private sealed record DemoArm(string Device, string Kind, string Port, string Calibration);
}

/// <summary>The job's temporary folder: configurations, the silo's data, serial links, logs. Deleted at the end unless it is to be kept.</summary>
internal sealed class Workspace : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("armada-up-").FullName;

    /// <summary>Leave the folder behind, for its logs.</summary>
    public bool Keep { get; set; }

    public string PathOf(string name) => Path.Combine(Folder, name);

    public string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    public void Dispose()
    {
        if (!Keep)
            Directory.Delete(Folder, recursive: true);
    }
}
