using System.Text.Json;
using Armada.Core.Control;
using Armada.Core.Routing;
using Armada.Devices.ServoBus;
using Armada.EdgeAgent.Configuration;
using Armada.Emulators.Arms;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;
using Armada.Testing.Processes;
using Armada.Tests.Agent.Kit;

namespace Armada.Tests.Agent.Program;

/// <summary>The real program, as a person starts it.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class ProgramTests : IDisposable
{
    private static readonly string Dll = ArmadaProgram.PathOf("Armada.EdgeAgent");

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("'--bogus'", "run", "--config", "x.json", "--bogus")]
    [InlineData("'--config' is required", "run")]
    [InlineData("'walk'", "walk")]
    [InlineData("no such file", "run", "--config", "/no/such.json")]
    [InlineData("/no/port does not exist", "scan", "--port", "/no/port")]
    [InlineData("no agent listens", "status", "--socket", "/no/such.sock")]
    public async Task A_wrong_word_is_one_clear_line_and_exit_code_2(string said, params string[] arguments) =>
        await Complains(said, arguments);

    [Fact]
    public async Task A_port_that_does_not_exist_ends_a_strict_start() =>
        await Complains("/no/port does not exist", "run", "--strict", "--config", Configuration(broker: null, ("leader-1", "/no/port", null), ("follower-1", "/no/other", null)));

    [Fact]
    public async Task A_port_that_another_program_has_ends_a_strict_start()
    {
        using var arm = TestArm.Leader(new StillHand());
        using var taken = Armada.Devices.Serial.SerialPorts.Create().Open(arm.Port, 1_000_000);
        await Complains("busy", "run", "--strict", "--config", Configuration(broker: null, ("leader-1", arm.Port, null), ("follower-1", "/no/other", null)));
    }

    [Fact]
    public async Task An_unreadable_calibration_is_named_at_start_up_and_by_check()
    {
        var damaged = folder.Write("damaged.json", "{ \"shoulder_pan\": 1 }");
        var configuration = Configuration(broker: null, ("leader-1", "/no/port", damaged), ("follower-1", "/no/other", null));
        await Complains("damaged.json", "run", "--config", configuration);
        await Complains("damaged.json", "check", "--config", configuration);
    }

    [Fact]
    public async Task A_calibration_of_other_servos_is_refused_and_the_joint_named()
    {
        using var logs = new FailOnLoggedErrors();
        using var arm = TestArm.Follower();
        var foreign = folder.Write("foreign.json", Calibration(homingOffset: 5));
        await using var agent = await TestAgent.StartAsync(logs, new(["127.0.0.1"], 1), local: false, ("follower-1", arm.Port, foreign));
        await Eventually.Holds(
            "the fault names file, joint and what to do",
            () => agent["follower-1"].Presence().Faults!.Any(fault => fault.Contains("foreign.json", StringComparison.Ordinal)
                && fault.Contains("Homing_Offset", StringComparison.Ordinal)
                && fault.Contains("calibrate", StringComparison.Ordinal)
                && !fault.Contains("write-servos", StringComparison.Ordinal)));
        Assert.False(arm.HasTorque(1), "an arm of unknown calibration has torque");
        Assert.DoesNotContain(arm.Bus.Journal.Since(), write => write.Of(Sts3215.GoalPosition) is not null);
    }

    [Fact]
    public async Task An_arm_that_a_killed_agent_left_under_power_and_that_is_refused_now_loses_its_torque()
    {
        using var logs = new FailOnLoggedErrors();
        using var arm = TestArm.Follower();
        arm.Bus.Arm.Write(3, Sts3215.TorqueEnable, 1);
        var foreign = folder.Write("foreign.json", Calibration(homingOffset: 5));
        await using var agent = await TestAgent.StartAsync(logs, new(["127.0.0.1"], 1), local: false, ("follower-1", arm.Port, foreign));
        await Eventually.Holds("its torque is off", () => !arm.HasTorque(3));
    }

    [Fact]
    public async Task A_calibration_of_other_servos_is_written_where_that_is_asked_for()
    {
        using var logs = new FailOnLoggedErrors();
        using var arm = TestArm.Follower();
        var settings = new DeviceSettings(
            "follower-1",
            "so101-follower",
            arm.Port,
            folder.Write("right.json", Calibration(homingOffset: 5)),
            OnCalibrationMismatch: OnMismatch.WriteServos);
        await using var agent = await TestAgent.StartAsync(logs, new AgentConfiguration([settings], new BrokerOptions(["127.0.0.1"], 1)));
        await Eventually.Holds("it runs", () => agent["follower-1"].Presence() is { State: "holding", Faults.Count: 0 });
        Assert.Equal(5, arm.Bus.Arm.Read(3, Sts3215.HomingOffset));
    }

    [Fact]
    public async Task With_a_broker_and_a_local_pair_the_silo_sees_the_arms_and_may_not_take_them()
    {
        using var logs = new FailOnLoggedErrors();
        using var leader = TestArm.Leader(new StillHand());
        using var follower = TestArm.Follower();
        await using var broker = await Mosquitto.StartAsync();
        await using var silo = await ScriptedSilo.StartAsync(broker, logs);
        await using var agent = await TestAgent.StartAsync(
            logs, ScriptedSilo.At(broker), local: true, ("leader-1", leader.Port, null), ("follower-1", follower.Port, null));
        await silo.Hears("follower-1", "states of the local epoch", state => state.Header.Epoch > 0);
        var reply = await silo.Ask("follower-1", ControlOp.StreamStart, uint.MaxValue);
        Assert.False(reply.Ok, "the silo took a follower of a local pair");
        Assert.Contains("leader-1 -> follower-1", reply.Error, StringComparison.Ordinal);
        silo.Command("follower-1", uint.MaxValue, follower.Pose());
        await Eventually.Holds("the silo's command is dropped", () => agent["follower-1"].Counters.Dropped(FrameResult.NotBound) == 1);
        Assert.True((await silo.Ask("follower-1", ControlOp.Stop)).Ok, "the silo's stop was refused");
        await silo.Shows("follower-1", "that it is stopped", presence => presence.State == "stopped");
    }

    [Fact]
    public async Task Each_device_shows_the_broker_its_own_certificate()
    {
        using var logs = new FailOnLoggedErrors();
        using var arm = TestArm.Leader(new StillHand());
        await using var broker = await Mosquitto.StartTlsAsync();
        var (certificate, key) = broker.Certificates!.Client("leader-1");
        var tls = new TlsOptions(broker.Certificates.CaFile, Placeheld(certificate), Placeheld(key));
        await using var agent = await TestAgent.StartAsync(
            logs, new BrokerOptions([broker.Host], broker.Port, tls), local: false, ("leader-1", arm.Port, null));
        await Eventually.Holds("the link is up", () => logs.Of(3110).Count == 1);

        static string Placeheld(string file) =>
            Path.Combine(Path.GetDirectoryName(file)!, Path.GetFileName(file).Replace("leader-1", "{device}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_certificate_that_is_not_there_is_named_at_start_up()
    {
        using var arm = TestArm.Leader(new StillHand());
        var json = JsonSerializer.Serialize(new
        {
            broker = new { tls = new { ca = "nowhere.pem" } },
            devices = new[] { new { name = "leader-1", kind = "so101-leader", port = arm.Port } },
            control_socket = Socket,
        });
        await Complains("nowhere.pem", "run", "--config", folder.Write("agent.json", json));
    }

    [Fact]
    public async Task Stop_reset_and_status_reach_a_running_agent_and_SIGTERM_takes_all_torque()
    {
        using var leader = TestArm.Leader(new StillHand());
        using var follower = TestArm.Follower();
        var configuration = Configuration(broker: null, ("leader-1", leader.Port, null), ("follower-1", follower.Port, null));
        await using var agent = Start("run", "--config", configuration);
        await agent.PrintsAsync("follower-1: running");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Socket));

        Assert.True((await Ask("stop")).GetProperty("stopped").GetBoolean(), "it did not stop");
        Assert.Equal("stopped", (await Ask("status")).GetProperty("devices").GetProperty("follower-1").GetProperty("state").GetString());
        Assert.False((await Ask("reset")).GetProperty("stopped").GetBoolean(), "it was not released");
        await Complains("another agent listens", "run", "--config", configuration);

        await agent.SendAsync(Signal.Terminate);
        Assert.Equal(0, await agent.ExitsAsync());
        Assert.NotNull(follower.Bus.Journal.Wait(write => write.IsTorqueOffForAll, TimeSpan.FromSeconds(5)));
        Assert.False(follower.HasTorque(1), "the arm still has torque");
        Assert.False(File.Exists(Socket), "the socket was left behind");
    }

    [Fact]
    public async Task Under_nohup_it_outlives_its_terminal_and_ends_on_SIGTERM()
    {
        using var follower = TestArm.Follower();
        await using var agent = RunningProcess.Start(
            "dotnet", [Dll, "run", "--config", Configuration(1, ("follower-1", follower.Port, null))], environment: null, ignored: Signal.HangUp);
        await agent.PrintsAsync("follower-1: running");
        await agent.SendAsync(Signal.HangUp);
        Assert.Equal("holding", (await Ask("status")).GetProperty("devices").GetProperty("follower-1").GetProperty("state").GetString());
        await agent.SendAsync(Signal.Terminate);
        Assert.Equal(0, await agent.ExitsAsync());
    }

    [Fact]
    public async Task SIGTERM_during_its_start_ends_it_cleanly_before_any_arm_is_touched()
    {
        using var follower = TestArm.Follower();
        var configuration = await File.ReadAllBytesAsync(Configuration(1, ("follower-1", follower.Port, null)));
        var pipe = folder.File("agent.pipe");
        await using (var make = RunningProcess.Start("mkfifo", pipe))
            Assert.Equal(0, await make.ExitsAsync());
        await using var agent = Start("run", "--config", pipe);
        // Opening the pipe waits until the agent reads its configuration; shared, for else each side could find it locked by the other.
        await using (var write = await Task.Run(() => new FileStream(pipe, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)))
        {
            await agent.SendAsync(Signal.Terminate);
            await write.WriteAsync(configuration);
        }

        Assert.Equal(0, await agent.ExitsAsync());
        Assert.Empty(agent.Lines);
        Assert.Equal(0, follower.Bus.Journal.Count);
        Assert.False(File.Exists(Socket), "the socket was left behind");
    }

    [Fact]
    public async Task Its_log_is_dated_and_becomes_JSON_and_quieter_by_variables()
    {
        using var follower = TestArm.Follower();
        var configuration = Configuration(1, ("follower-1", follower.Port, null));
        await using (var plain = Start("run", "--config", configuration))
        {
            await plain.PrintsAsync(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} info: .*follower-1: running");
            await plain.SendAsync(Signal.Terminate);
            await plain.ExitsAsync();
        }

        var variables = new Dictionary<string, string>
        {
            ["Logging__Console__FormatterName"] = "json",
            ["Logging__LogLevel__Armada.EdgeAgent.Hosting"] = "Error",
        };
        await using var json = RunningProcess.Start("dotnet", [Dll, "run", "--config", configuration], variables);
        var entry = JsonDocument.Parse(await json.PrintsAsync("follower-1: running")).RootElement;
        Assert.Equal("Information", entry.GetProperty("LogLevel").GetString());
        Assert.True(entry.GetProperty("Timestamp").TryGetDateTimeOffset(out _), "the time stamp is not ISO 8601");
        Assert.DoesNotContain("Agent started", json.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Logging__LogLevel__Default", "Loud")]
    [InlineData("Logging__Console__FormatterName", "xml")]
    public async Task A_wrong_logging_variable_is_named_with_what_is_allowed(string variable, string value)
    {
        var configuration = Configuration(broker: null, ("leader-1", "/no/port", null), ("follower-1", "/no/other", null));
        await using var agent = RunningProcess.Start("dotnet", [Dll, "run", "--config", configuration], new Dictionary<string, string> { [variable] = value });
        Assert.Equal(2, await agent.ExitsAsync());
        Assert.StartsWith($"armada-edge: variable {variable}: '{value}' is unknown; use one of ", Assert.Single(agent.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_serial_system_it_runs_an_arm_through_System_IO_Ports()
    {
        using var leader = TestArm.Leader(new StillHand());
        using var follower = TestArm.Follower();
        var file = Configuration(broker: null, ("leader-1", leader.Port, null), ("follower-1", follower.Port, null));
        File.WriteAllText(file, File.ReadAllText(file).Replace("{\"devices\"", "{\"serial\":\"system\",\"devices\"", StringComparison.Ordinal));
        await using var agent = Start("run", "--config", file);
        await agent.PrintsAsync("follower-1: running");
        await Eventually.Holds("the follower has torque", () => follower.HasTorque(1));
        await agent.SendAsync(Signal.Terminate);
        Assert.Equal(0, await agent.ExitsAsync());
        Assert.False(follower.HasTorque(1), "the arm still has torque");
    }

    [Theory]
    [InlineData(Signal.HangUp)]
    [InlineData(Signal.Interrupt)]
    public async Task A_terminal_that_closes_or_says_Ctrl_C_takes_all_torque(Signal signal)
    {
        using var leader = TestArm.Leader(new StillHand());
        using var follower = TestArm.Follower();
        await using var agent = Start("run", "--config", Configuration(broker: null, ("leader-1", leader.Port, null), ("follower-1", follower.Port, null)));
        await agent.PrintsAsync("follower-1: running");
        await agent.SendAsync(signal);
        Assert.Equal(0, await agent.ExitsAsync());
        Assert.NotNull(follower.Bus.Journal.Wait(write => write.IsTorqueOffForAll, TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task Killed_its_last_will_says_that_it_is_offline()
    {
        using var logs = new FailOnLoggedErrors();
        using var arm = TestArm.Follower();
        await using var broker = await Mosquitto.StartAsync();
        await using var silo = await ScriptedSilo.StartAsync(broker, logs);
        await using var agent = Start("run", "--config", Configuration(broker.Port, ("follower-1", arm.Port, null)));
        await silo.Shows("follower-1", "that it is online and holds", presence => presence is { Online: true, State: "holding" });
        await agent.SendAsync(Signal.Kill);
        await silo.Shows("follower-1", "that it is offline", presence => !presence.Online);
    }

    [Fact]
    public async Task Scan_lists_every_servo()
    {
        using var arm = TestArm.Follower();
        await using var scan = Start("scan", "--port", arm.Port);
        Assert.Equal(0, await scan.ExitsAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("6 servo(s)", scan.Output, StringComparison.Ordinal);
        Assert.Contains("777", scan.Output, StringComparison.Ordinal);
    }

    private string Socket => folder.File("agent.sock");

    private static RunningProcess Start(params string[] arguments) => RunningProcess.Start("dotnet", [Dll, .. arguments]);

    private static async Task Complains(string said, params string[] arguments)
    {
        await using var program = Start(arguments);
        var code = await program.ExitsAsync(TimeSpan.FromSeconds(20));
        var line = Assert.Single(program.Lines);
        Assert.Contains(said, line, StringComparison.Ordinal);
        Assert.StartsWith("armada-edge: ", line, StringComparison.Ordinal);
        Assert.Equal(2, code);
    }

    private async Task<JsonElement> Ask(string command)
    {
        await using var program = Start(command, "--socket", Socket);
        Assert.Equal(0, await program.ExitsAsync(TimeSpan.FromSeconds(20)));
        return JsonDocument.Parse(program.Lines.Single()).RootElement;
    }

    private string Configuration(int? broker, params (string Name, string Port, string? Calibration)[] arms)
    {
        var devices = arms.Select(arm => new
        {
            name = arm.Name,
            kind = arm.Name.StartsWith("leader", StringComparison.Ordinal) ? "so101-leader" : "so101-follower",
            port = arm.Port,
            calibration = arm.Calibration ?? "eeprom",
            at_end = arm.Name.StartsWith("leader", StringComparison.Ordinal) ? null : "release",
        });
        object whole = broker is { } port
            ? new { broker = new { port }, devices, control_socket = Socket }
            : new { devices, local = new[] { new { leader = "leader-1", followers = new[] { "follower-1" } } }, control_socket = Socket };
        return folder.Write("agent.json", JsonSerializer.Serialize(whole));
    }

    private static string Calibration(int homingOffset) => JsonSerializer.Serialize(Armada.Devices.Arms.ArmJoint.All.ToDictionary(
        joint => joint.Name,
        joint => new { id = joint.Id, drive_mode = 0, homing_offset = homingOffset, range_min = 1000, range_max = 3000 }));
}
