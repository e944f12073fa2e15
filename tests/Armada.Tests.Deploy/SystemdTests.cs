using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Armada.Testing;
using Armada.Testing.Network;
using Armada.Testing.Processes;

namespace Armada.Tests.Deploy;

/// <summary>What the units promise systemd, and what silo and agent tell it.</summary>
public sealed partial class SystemdTests
{
    [Fact]
    public async Task A_silo_tells_systemd_that_it_is_ready_alive_and_stopping()
    {
        using var folder = new TempFolder();
        await TellsAsync(folder, "Armada.Silo", "--data", Path.Combine(folder.Path, "data"), "--urls", $"http://127.0.0.1:{FreePort.Next()}", "--broker", $"127.0.0.1:{FreePort.Next()}");
    }

    [Fact]
    public async Task An_agent_tells_systemd_that_it_is_ready_alive_and_stopping_also_while_its_arm_is_missing()
    {
        using var folder = new TempFolder();
        var file = Path.Combine(folder.Path, "agent.json");
        await File.WriteAllTextAsync(
            file,
            $$"""{ "broker": { "port": {{FreePort.Next()}} }, "control_socket": "{{Path.Combine(folder.Path, "agent.sock")}}", "devices": [ { "name": "arm", "kind": "so101-follower", "port": "/dev/serial/by-id/none" } ] }""");
        await TellsAsync(folder, "Armada.EdgeAgent", "run", "--config", file);
    }

    [Theory]
    [InlineData("armada-edge")]
    [InlineData("armada-silo")]
    public void A_unit_is_of_a_service_that_notifies_is_watched_and_may_do_little(string name)
    {
        var unit = Repository.Read($"infra/pi/{name}.service");
        string[] wanted =
        [
            "Type=notify", "WatchdogSec=30", "User=armada", $"RuntimeDirectory={name}", $"StateDirectory={name}", "NoNewPrivileges=yes",
            "ProtectSystem=strict", "CapabilityBoundingSet=", "SystemCallFilter=@system-service", "Environment=Logging__Console__FormatterName=systemd",
        ];
        var lines = unit.Split('\n');
        Assert.All(wanted, line => Assert.Contains(lines, present => present == line || present.StartsWith(line + " ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_usual_adapter_belongs_to_dialout_and_to_nobody_else()
    {
        var rules = Repository.Read("infra/pi/60-armada.rules");
        var adapters = AdapterRule().Matches(rules).Select(rule => $"{rule.Groups[1]}:{rule.Groups[2]}");
        Assert.Equal(["1a86:55d3", "1a86:7523", "10c4:ea60", "0403:6001", "303a:1001"], adapters);
        Assert.DoesNotContain("0666", rules, StringComparison.Ordinal);
    }

    private static async Task TellsAsync(TempFolder folder, string project, params string[] arguments)
    {
        var path = Path.Combine(folder.Path, "notify");
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(path));
        await using var program = RunningProcess.Start(
            "dotnet", [ArmadaProgram.PathOf(project), .. arguments], new Dictionary<string, string> { ["NOTIFY_SOCKET"] = path, ["WATCHDOG_USEC"] = "400000" });
        await HearsAsync(systemd, program, "READY=1");
        await HearsAsync(systemd, program, "WATCHDOG=1");
        await HearsAsync(systemd, program, "WATCHDOG=1");
        await program.SendAsync(Signal.Terminate);
        await HearsAsync(systemd, program, "STOPPING=1");
        Assert.Equal(0, await program.ExitsAsync());
    }

    private static async Task HearsAsync(Socket systemd, RunningProcess program, string wanted)
    {
        var buffer = new byte[4096];
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        string said;
        do
        {
            try
            {
                said = Encoding.UTF8.GetString(buffer, 0, await systemd.ReceiveAsync(buffer, timeout.Token));
            }
            catch (OperationCanceledException)
            {
                throw new InvalidOperationException($"systemd was not told {wanted}; the program printed:\n{program.Output}");
            }
        }
        while (!said.Split('\n').Contains(wanted));
    }

    [GeneratedRegex("""^ATTRS\{idVendor\}=="(\w+)", ATTRS\{idProduct\}=="(\w+)", GROUP="dialout", MODE="0660"$""", RegexOptions.Multiline)]
    private static partial Regex AdapterRule();
}
