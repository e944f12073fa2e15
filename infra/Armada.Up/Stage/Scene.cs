using Armada.Devices.Arms;
using Armada.Devices.Calibration;
using Armada.Up.Children;

namespace Armada.Up.Stage;

/// <summary>Everything the job started, in order; ended in the opposite one.</summary>
internal sealed class Scene : IAsyncDisposable
{
    /// <summary>Name of the leader's device.</summary>
    public const string Leader = "leader-1";

    /// <summary>Name of the follower's device.</summary>
    public const string Follower = "follower-1";

    private static readonly TimeSpan EmulatorTimeout = TimeSpan.FromSeconds(20);

    private readonly List<Child> children = [];
    private readonly Workspace workspace;

    private Scene(Workspace workspace) => this.workspace = workspace;

    /// <summary>Address of the silo.</summary>
    public Uri Silo { get; private set; } = new("http://127.0.0.1");

    /// <summary>Port of the broker on loopback.</summary>
    public int BrokerPort { get; private set; }

    /// <summary>Starts broker, silo, emulated arms where none are named, and an agent for each arm.</summary>
    /// <exception cref="ChildDiedException">One of them ended, or was not ready in time.</exception>
    public static async Task<Scene> StartAsync(UpOptions options, Workspace workspace, CancellationToken cancellation)
    {
        var scene = new Scene(workspace);
        try
        {
            await scene.StartBrokerAndSiloAsync(options.HttpPort, cancellation);
            var leader = await scene.ArmAsync("leader", options.Leader, options.Calibration, cancellation);
            var follower = await scene.ArmAsync("follower", options.Follower, options.Calibration, cancellation);
            scene.StartAgent(leader);
            scene.StartAgent(follower);
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    /// <summary>Throws where a program ended by itself.</summary>
    /// <exception cref="ChildDiedException">The message names it and what it last printed.</exception>
    public void ThrowIfOneDied()
    {
        if (children.Find(child => child.Died) is { } dead)
            throw dead.Obituary();
    }

    /// <summary>Ends every program, the last one first.</summary>
    public async ValueTask DisposeAsync()
    {
        for (var i = children.Count - 1; i >= 0; i--)
            await children[i].DisposeAsync();
        children.Clear();
    }

    private async Task StartBrokerAndSiloAsync(int wantedHttpPort, CancellationToken cancellation)
    {
        BrokerPort = Workspace.FreePort();
        children.Add(await Broker.StartAsync(workspace, BrokerPort, cancellation));
        Silo = new Uri($"http://127.0.0.1:{Workspace.FreePort(wantedHttpPort)}");
        children.Add(Child.Start("silo", workspace.Folder, Programs.Command(
            "Armada.Silo",
            "--urls", Silo.GetLeftPart(UriPartial.Authority),
            "--data", workspace.Path("data"),
            "--mqtt", $"127.0.0.1:{BrokerPort}")));
    }

    private async Task<Arm> ArmAsync(string role, string? port, DirectoryInfo? calibration, CancellationToken cancellation)
    {
        var kind = $"so101-{role}";
        if (port is not null)
            return new Arm($"{role}-1", kind, port, calibration is null ? "eeprom" : new CalibrationFolder(calibration.FullName).FindOnly(ArmKind.Find(kind)!));
        var link = workspace.Path($"tty-{role}");
        var file = workspace.Path($"calibration-{role}.json");
        // A hand waves the leader; nobody holds the follower, who would only resist it.
        string[] hand = role == "leader" ? ["--hand", "wave"] : [];
        var emulator = Child.Start($"emulator-{role}", workspace.Folder, Programs.Command(
            "Armada.Emulators", ["so101", "--role", role, "--link", link, "--calibration-out", file, .. hand]));
        children.Add(emulator);
        await emulator.LineAsync("ready", EmulatorTimeout, cancellation);
        return new Arm($"{role}-1", kind, link, file);
    }

    private void StartAgent(Arm arm) => children.Add(Child.Start(
        $"agent-{arm.Device}",
        workspace.Folder,
        Programs.Command("Armada.EdgeAgent", "run", "--config", arm.WriteAgentFile(workspace, BrokerPort))));
}
