using Armada.Core.Control;
using Armada.Devices.Arms;
using Armada.Devices.Serial;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Hosting;
using Armada.EdgeAgent.Stops;
using Armada.Emulators.Arms;
using Armada.Emulators.Bus;
using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;
using Armada.Tests.Agent.Kit;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Agent.Hosting;

/// <summary>A fault in each of the agent's loops is logged, and the loop goes on.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class SupervisionTests : IDisposable
{
    private const int SessionFault = 3002;
    private const int ClientFault = 3303;
    private const int LoopFault = 3410;
    private const int NotClosed = 3411;

    private readonly FailOnLoggedErrors logs = new();
    private readonly TempFolder folder = new();
    private readonly OneFault fault = new();

    public void Dispose()
    {
        folder.Dispose();
        logs.Dispose();
    }

    [Fact]
    public async Task A_session_whose_port_faults_runs_its_arm_again()
    {
        logs.Expect(SessionFault);
        using var arm = TestArm.Follower();
        await using var agent = await StartAsync(NoBroker, new(Ports: new FaultyPorts(fault)), ("follower-1", arm.Port));
        await Holds(agent);
        fault.Arm();
        await Logged(SessionFault, "follower-1");
        await Holds(agent);
        Assert.True(arm.HasTorque(1), "the arm has no torque after its loop began again");
    }

    [Fact]
    public async Task A_session_that_cannot_even_refuse_a_command_comes_back_with_its_thread()
    {
        logs.Expect(LoopFault);
        using var arm = TestArm.Follower();
        await using var agent = await StartAsync(NoBroker, new(), ("follower-1", arm.Port));
        await Holds(agent);
        agent["follower-1"].BusCommands.Replied = _ => fault.Happen();
        fault.Arm();
        arm.Bus.Unplug();
        await Eventually.Holds("the arm is not running", () => agent["follower-1"].Presence().State == "missing");
        Assert.True(agent["follower-1"].BusCommands.TryAdd(new ControlMessage("1", ControlOp.Identify)), "the command was not taken");
        await Logged(LoopFault, "session of follower-1");
        arm.Bus.Replug();
        await Holds(agent);
    }

    [Fact]
    public async Task What_is_there_runs_and_a_port_that_is_missing_or_busy_is_waited_for()
    {
        using var there = TestArm.Follower();
        using var busy = TestArm.Follower();
        var taken = SerialPorts.Create().Open(busy.Port, 1_000_000);
        var late = folder.File("late");
        await using var agent = await StartAsync(NoBroker, new(), ("follower-1", there.Port), ("follower-2", busy.Port), ("follower-3", late));
        await Holds(agent);
        await Eventually.Holds("the others are missing", () => Shows("follower-2", "is busy") && Shows("follower-3", "does not exist"));
        taken.Dispose();
        using var bus = new EmulatedBus(EmulatedArm.So101(ArmRole.Follower), late);
        await Eventually.Holds(
            "they run when they are there", () => new[] { "follower-2", "follower-3" }.All(name => agent[name].Presence() is { State: "holding", Faults.Count: 0 }));

        bool Shows(string name, string why) =>
            agent[name].Presence() is { State: "missing", Faults: [var fault] } && fault.Contains(why, StringComparison.Ordinal);
    }

    [Fact]
    public void An_arm_that_is_not_running_says_all_the_same_that_its_stop_is_latched()
    {
        var device = new Device(Device("follower-1", "/no/port"), new LocalStop());
        foreach (var state in new[] { DeviceState.Connecting, DeviceState.Missing, DeviceState.Faulted, DeviceState.Parking })
        {
            device.Status.SetState(state);
            device.Stops.LatchRemote();
            Assert.Equal("stopped", device.Presence().State);
            device.Stops.ReleaseRemote();
            Assert.Equal(state.Name(), device.Presence().State);
        }
    }

    [Fact]
    public async Task A_local_pair_goes_on_and_its_follower_follows()
    {
        logs.Expect(LoopFault);
        using var leader = TestArm.Leader(new WavingHand());
        using var follower = TestArm.Follower();
        var configuration = new AgentConfiguration(
            [Device("leader-1", leader.Port), Device("follower-1", follower.Port)], Local: [new LocalPairSettings("leader-1", ["follower-1"])]);
        await using var agent = await TestAgent.StartAsync(logs, configuration, new(Time: new FaultyTime(fault)));
        await Eventually.Holds("the follower follows", () => agent["follower-1"].Presence().State == "tracking", TimeSpan.FromSeconds(20));
        fault.Arm();
        await Logged(LoopFault, "local pair leader-1 -> follower-1");
        // Only the pair's own loop lets a lease run out.
        leader.Bus.Unplug();
        await Eventually.Holds("the lease runs out", () => agent["follower-1"].Presence().State == "holding");
        leader.Bus.Replug();
        await Eventually.Holds("the follower follows again", () => agent["follower-1"].Presence().State == "tracking", TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Presence_is_published_again()
    {
        logs.Expect(LoopFault);
        using var arm = TestArm.Follower();
        await using var broker = await Mosquitto.StartAsync();
        await using var silo = await ScriptedSilo.StartAsync(broker, logs);
        await using var agent = await StartAsync(ScriptedSilo.At(broker), new(Link: Faulty(publishing: fault)), ("follower-1", arm.Port));
        await silo.Shows("follower-1", "that it holds", presence => presence.State == "holding");
        fault.Arm();
        await Logged(LoopFault, "presence of follower-1");
        agent.Stop.Latch();
        await silo.Shows("follower-1", "that it is stopped", presence => presence.State == "stopped");
    }

    [Fact]
    public async Task A_renewal_that_could_not_reconnect_does_so_later()
    {
        logs.Expect(LoopFault);
        using var arm = TestArm.Leader(new StillHand());
        await using var broker = await Mosquitto.StartTlsAsync();
        await using var silo = await ScriptedSilo.StartAsync(broker, logs);
        var (certificate, key) = broker.Certificates!.Client("leader-1");
        File.Copy(certificate, folder.File("leader-1.pem"));
        File.Copy(key, folder.File("leader-1.key"));
        var tls = new TlsOptions(broker.Certificates.CaFile, folder.File("{device}.pem"), folder.File("{device}.key"));
        await using var agent = await StartAsync(
            new BrokerOptions([broker.Host], broker.Port, tls), new(Link: Faulty(reconnecting: fault)), ("leader-1", arm.Port));
        await silo.Shows("leader-1", "its first certificate", presence => presence is { Online: true, Certificate: not null });
        var first = silo.PresenceOf("leader-1")!.Certificate;
        fault.Arm();
        var asked = await silo.Ask("leader-1", ControlOp.Renew);
        var pem = broker.Certificates.ForRequest(asked.Csr!, "leader-1");
        Assert.True((await silo.Ask("leader-1", ControlOp.Certificate, certificate: pem)).Ok, "the certificate was refused");
        await Logged(LoopFault, "certificate renewal of leader-1");
        await silo.Shows("leader-1", "its new certificate", presence => presence is { Online: true, Certificate: { } now } && now != first);
    }

    [Fact]
    public async Task The_control_socket_listens_again_and_one_clients_fault_is_its_own()
    {
        logs.Expect(LoopFault).Expect(ClientFault);
        var path = folder.File("agent.sock");
        var device = new Device(Device("follower-1", "/no/port"), new LocalStop());
        device.Counters.Others = () =>
        {
            fault.Happen();
            return [];
        };
        using var server = new ControlSocketServer(
            new ControlSocketPlace(path), new LocalStop(), [device], new Supervisor(TimeProvider.System, logs.For<Supervisor>()), logs.For<ControlSocketServer>());
        server.Open();
        await server.StartAsync(default);
        fault.Arm();
        await Assert.ThrowsAsync<ConfigurationException>(() => ControlSocket.AskAsync(path, "status", default));
        await Logged(ClientFault, "");
        Assert.Contains("follower-1", (await ControlSocket.AskAsync(path, "status", default)).Devices!.Keys);

        server.Listener!.Dispose();
        await Logged(LoopFault, "control socket");
        await Eventually.HoldsAsync("it answers again", AnswersAsync);
        await server.StopAsync(default);

        async Task<bool> AnswersAsync()
        {
            try
            {
                return (await ControlSocket.AskAsync(path, "stop", default)).Stopped;
            }
            catch (ConfigurationException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_link_that_cannot_be_closed_keeps_nothing_else_open()
    {
        logs.Expect(NotClosed);
        using var first = TestArm.Follower();
        using var second = TestArm.Follower();
        await using var broker = await Mosquitto.StartAsync();
        await using var silo = await ScriptedSilo.StartAsync(broker, logs);
        var agent = await StartAsync(
            ScriptedSilo.At(broker), new(Link: Faulty(closing: fault)), ("follower-1", first.Port), ("follower-2", second.Port));
        await silo.Shows("follower-2", "that it is online", presence => presence.Online);
        fault.Arm();
        await agent.DisposeAsync();
        await Logged(NotClosed, "link of follower-1");
        await silo.Shows("follower-2", "that it is offline", presence => !presence.Online);
        foreach (var arm in new[] { first, second })
        {
            SerialPorts.Create().Open(arm.Port, 1_000_000).Dispose();
        }
    }

    private static BrokerOptions NoBroker => new(["127.0.0.1"], 1);

    private static DeviceSettings Device(string name, string port) =>
        new(name, name.StartsWith("leader", StringComparison.Ordinal) ? "so101-leader" : "so101-follower", port);

    private static MqttLinkFactory Faulty(OneFault? publishing = null, OneFault? reconnecting = null, OneFault? closing = null) =>
        (options, loggers) => new FaultyLink(new MqttLink(options, loggers.CreateLogger<MqttLink>()), publishing, reconnecting, closing);

    private Task<TestAgent> StartAsync(BrokerOptions broker, TestAgent.Surroundings surroundings, params (string Name, string Port)[] arms) =>
        TestAgent.StartAsync(logs, new AgentConfiguration([.. arms.Select(arm => Device(arm.Name, arm.Port))], broker), surroundings);

    private static Task Holds(TestAgent agent) => Eventually.Holds(
        () => $"follower-1 holds; it is {agent["follower-1"].Presence()}", () => agent["follower-1"].Presence() is { State: "holding", Faults.Count: 0 });

    private Task Logged(int id, string words) => Eventually.Holds(
        $"{id} is logged with '{words}'", () => logs.Of(id).Any(entry => entry.Message.Contains(words, StringComparison.Ordinal)));
}
