using Armada.Core.Control;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Devices;
using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Armada.Tests.Agent.Kit;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Agent.OverMqtt;

/// <summary>A follower with two connections to a broker, each over a line of its own.</summary>
public sealed class SecondPathTests : IAsyncLifetime, IDisposable
{
    private const string Name = "follower-1";
    private const uint Epoch = 7;

    private readonly FailOnLoggedErrors logs = new();
    private readonly TestArm arm = TestArm.Follower();
    private readonly CuttingProxy[] lines = new CuttingProxy[2];
    private Mosquitto broker = null!;
    private ScriptedSilo silo = null!;
    private TestAgent agent = null!;
    private ScriptedSilo.Streaming? commands;

    public async Task InitializeAsync()
    {
        broker = await Mosquitto.StartAsync();
        for (var path = 0; path < lines.Length; path++)
            lines[path] = new CuttingProxy(broker.Port);
        silo = await ScriptedSilo.StartAsync(broker, logs);
        agent = await TestAgent.StartAsync(
            logs,
            new AgentConfiguration([new DeviceSettings(Name, "so101-follower", arm.Port, DeviceSettings.FromEeprom, Paths: 2)], ScriptedSilo.At(broker)),
            new TestAgent.Surroundings(Link: (options, loggers) => new MqttLink(
                options with { Port = lines[options.ClientId.EndsWith('2') ? 1 : 0].Port }, loggers.CreateLogger<MqttLink>())));
        await silo.Shows(Name, "both paths", presence => presence.Paths is [{ Connected: true }, { Connected: true }]);
        await silo.Hears(Name, "states", _ => true);
        Assert.True((await silo.Ask(Name, ControlOp.StreamStart, Epoch)).Ok);
        var pose = arm.Pose();
        commands = silo.Stream(Name, Epoch, () => pose);
        await Does(DeviceState.Tracking);
    }

    public async Task DisposeAsync()
    {
        if (commands is not null)
            await commands.DisposeAsync();
        await agent.DisposeAsync();
        await silo.DisposeAsync();
        foreach (var line in lines)
            await line.DisposeAsync();
        await broker.DisposeAsync();
    }

    public void Dispose()
    {
        arm.Dispose();
        logs.Dispose();
    }

    [Fact]
    public async Task The_first_copy_of_each_command_counts_and_the_second_is_no_loss_however_late_it_comes()
    {
        await Counts("dropped.duplicate", 20);

        lines[1].Stall();
        var before = Count("dropped.duplicate");
        await Applies(30);
        lines[1].Resume();

        await Counts("dropped.duplicate", before + 20);
        Assert.Equal((0, 0), (Count("dropped.out-of-order"), Count("lost")));
        await silo.Shows(Name, "by which path what came", presence => presence.Paths is [{ Received: > 40, First: > 20, Sent: > 0 }, { Received: > 40, Sent: > 0 }]);
    }

    [Fact]
    public async Task The_loss_of_the_second_path_changes_nothing_but_what_presence_says_of_it()
    {
        lines[1].Cut(refuse: true);

        await silo.Shows(Name, "the loss", presence => presence is { Online: true, Paths: [{ Connected: true }, { Connected: false }] });
        await Applies(50);
        Assert.Equal(DeviceState.Tracking, agent[Name].Status.State);

        lines[1].Resume();
        await silo.Shows(Name, "both paths", presence => presence.Paths is [{ Connected: true }, { Connected: true }]);
    }

    [Fact]
    public async Task Without_the_path_that_stops_come_by_it_holds_and_goes_on_with_it()
    {
        lines[0].Stall(); // Nobody is told that it is lost.

        await Counts("dropped.no-control", 1);
        await Does(DeviceState.Holding);
        Assert.True(agent[Name].Paths!()[1].Connected);

        lines[0].Resume();
        await Does(DeviceState.Tracking);

        lines[0].Cut(refuse: true);
        await silo.Shows(Name, "in its last will that there is a second path", presence => presence is { Online: false, Paths.Count: 2 });
        await Does(DeviceState.Holding);

        lines[0].Resume();
        await Does(DeviceState.Tracking);
        await silo.Shows(Name, "that it hears control again", presence => presence.Online);
        Assert.True((await silo.Ask(Name, ControlOp.Stop)).Ok);
    }

    private long Count(string counter) => agent[Name].Presence().Counters!.GetValueOrDefault(counter);

    private Task Counts(string counter, long least) =>
        Eventually.Holds(() => $"{counter} is {Count(counter)} and comes to {least}", () => Count(counter) >= least);

    private Task Applies(long more) => Counts("commands.applied", Count("commands.applied") + more);

    private Task Does(DeviceState state) => Eventually.Holds(() => $"it is {agent[Name].Status.State} and becomes {state}", () => agent[Name].Status.State == state);
}
