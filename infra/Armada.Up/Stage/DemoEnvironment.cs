using Armada.Devices.Arms;
using Armada.Devices.Calibration;
using Armada.Mqtt;
using Armada.Up.Children;

namespace Armada.Up.Stage;

/// <summary>Everything the job started, in order; ended in the opposite one.</summary>
internal sealed class DemoEnvironment : IAsyncDisposable
{
    /// <summary>Name of the leader's device.</summary>
    public const string Leader = "leader-1";

    /// <summary>Name of the follower's device.</summary>
    public const string Follower = "follower-1";

    private static readonly TimeSpan EmulatorTimeout = TimeSpan.FromSeconds(20);

    private readonly List<ChildProcess> children = [];
    private readonly Workspace workspace;

    /// <summary>Nothing is started yet.</summary>
    public DemoEnvironment(Workspace workspace) => this.workspace = workspace;

    /// <summary>Address of the silo.</summary>
    public Uri Silo { get; private set; } = new("http://127.0.0.1");

    /// <summary>Port on loopback by which the arms come in with their certificates.</summary>
    public int BrokerPort { get; private set; }

    /// <summary>Folder from which mosquitto_sub takes its options to look on.</summary>
    public string Watch => Path.GetDirectoryName(WatchFile.Of(Data))!;

    private string Data => workspace.Path("data");

    /// <summary>How to look on at the broker.</summary>
    public LinkOptions LookingOn(string clientId) => WatchFile.Read(WatchFile.Of(Data), clientId);

    /// <summary>Starts the silo, which starts its broker.</summary>
    public void StartSilo(int wantedHttpPort)
    {
        BrokerPort = Workspace.FreePort();
        Silo = new Uri($"http://127.0.0.1:{Workspace.FreePort(wantedHttpPort)}");
        children.Add(ChildProcess.Start("silo", workspace.Folder, Programs.Command(
            "Armada.Silo",
            "--urls", Silo.GetLeftPart(UriPartial.Authority),
            "--data", Data,
            "--broker", $"127.0.0.1:{BrokerPort}")));
    }

    /// <summary>Gives each arm its identity and starts its agent; starts emulated arms where none are named.</summary>
    /// <exception cref="ChildProcessException">A program ended, or was not ready in time.</exception>
    public async Task StartArmsAsync(UpOptions options, SiloClient door, CancellationToken cancellation)
    {
        var leader = await ArmAsync("leader", options.Leader, options.Calibration, cancellation);
        var follower = await ArmAsync("follower", options.Follower, options.Calibration, cancellation);
        foreach (var arm in (Arm[])[leader, follower])
        {
            await door.ProvisionAsync(arm.Device, arm.Kind, workspace.Folder, cancellation);
            children.Add(ChildProcess.Start(
                $"agent-{arm.Device}",
                workspace.Folder,
                Programs.Command("Armada.EdgeAgent", "run", "--config", arm.WriteAgentFile(workspace, BrokerPort))));
        }
    }

    /// <summary>Throws where a program ended by itself.</summary>
    /// <exception cref="ChildProcessException">The message names it and what it last printed.</exception>
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

    private async Task<Arm> ArmAsync(string role, string? port, DirectoryInfo? calibration, CancellationToken cancellation)
    {
        var kind = $"so101-{role}";
        if (port is not null)
            return new Arm($"{role}-1", kind, port, calibration is null ? "eeprom" : new CalibrationFolder(calibration.FullName).FindOnly(ArmKind.Find(kind)!));
        var link = workspace.Path($"tty-{role}");
        var file = workspace.Path($"calibration-{role}.json");
        // A hand waves the leader; nobody holds the follower, who would only resist it.
        string[] hand = role == "leader" ? ["--hand", "wave"] : [];
        var emulator = ChildProcess.Start($"emulator-{role}", workspace.Folder, Programs.Command(
            "Armada.Emulators", ["so101", "--role", role, "--link", link, "--calibration-out", file, .. hand]));
        children.Add(emulator);
        await emulator.LineAsync("ready", EmulatorTimeout, cancellation);
        return new Arm($"{role}-1", kind, link, file);
    }
}
