using Armada.Core.Control;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;
using Armada.Tests.Agent.Kit;

namespace Armada.Tests.Agent.OverMqtt;

/// <summary>A broker, a scripted silo, and an agent with one arm between them.</summary>
public abstract class AgentBench : IAsyncLifetime
{
    protected const uint Epoch = 7;

    protected AgentBench(string device, TestArm arm) => (Device, Arm) = (device, arm);

    protected string Device { get; }

    protected TestArm Arm { get; }

    protected FailOnLoggedErrors Logs { get; } = new();

    protected Mosquitto Broker { get; private set; } = null!;

    protected ScriptedSilo Silo { get; private set; } = null!;

    protected TestAgent Agent { get; private set; } = null!;

    public virtual async Task InitializeAsync()
    {
        Broker = await Mosquitto.StartAsync();
        Silo = await ScriptedSilo.StartAsync(Broker, Logs);
        Agent = await TestAgent.StartAsync(Logs, ScriptedSilo.At(Broker), local: false, (Device, Arm.Port, null));
        await Silo.Shows(Device, "that it is online", presence => presence.Online);
        await Silo.Hears(Device, "states", _ => true);
    }

    public async Task DisposeAsync()
    {
        await Agent.DisposeAsync();
        await Silo.DisposeAsync();
        await Broker.DisposeAsync();
        Arm.Dispose();
        Logs.Dispose();
    }

    protected async Task StartStream(uint epoch = Epoch)
    {
        var reply = await Silo.Ask(Device, ControlOp.StreamStart, epoch);
        Assert.True(reply.Ok, reply.Error);
    }

    protected long Count(string counter) => Agent[Device].Presence().Counters!.GetValueOrDefault(counter);
}
