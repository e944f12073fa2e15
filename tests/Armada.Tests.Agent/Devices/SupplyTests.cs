using Armada.Devices.ServoBus;
using Armada.EdgeAgent.Configuration;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Tests.Agent.Kit;

namespace Armada.Tests.Agent.Devices;

/// <summary>The voltage of an arm is judged by what it is set up for.</summary>
public sealed class SupplyTests : IDisposable
{
    private const string Name = "follower-1";

    private readonly FailOnLoggedErrors logs = new();
    private readonly TestArm arm = TestArm.Follower();

    public void Dispose()
    {
        arm.Dispose();
        logs.Dispose();
    }

    [Theory]
    [InlineData(Supply.Volts5, 5, 80)]
    [InlineData(Supply.Volts7, 7.4, 80)]
    [InlineData(Supply.Volts12, 12, 140)]
    [InlineData(null, 5, 80)]
    [InlineData(null, 12, 140)]
    public async Task An_arm_runs_on_the_supply_that_it_is_set_up_for(Supply? supply, double volts, int limit)
    {
        await using var agent = await StartAsync(supply, volts, limit);
        await Eventually.Holds("it runs", () => agent[Name].Presence() is { State: "holding", Faults.Count: 0 });
    }

    [Theory]
    [InlineData(Supply.Volts7, 12.2, 140, "12.2 V is too much: 'follower-1' is set up for 7.4v")]
    [InlineData(Supply.Volts5, 7.4, 80, "7.4 V is too much: 'follower-1' is set up for 5v")]
    [InlineData(null, 12.2, 80, "12.2 V is too much: its servo takes 8 V at most")]
    [InlineData(Supply.Volts12, 7.4, 80, "its servo takes 8 V at most, and 'follower-1' is set up for 12v")]
    public async Task Another_supply_or_other_servos_are_refused_before_torque(Supply? supply, double volts, int limit, string problem)
    {
        await using var agent = await StartAsync(supply, volts, limit);
        await Complains(agent, problem);
        Assert.DoesNotContain(arm.Bus.Journal.Since(), write => write.Of(Sts3215.TorqueEnable) > 0 || write.Of(Sts3215.GoalPosition) is not null);
    }

    [Fact]
    public async Task A_supply_that_sags_or_rises_is_named_and_forgotten_when_it_is_right_again()
    {
        await using var agent = await StartAsync(Supply.Volts7, 7.4, limit: 140);
        await Eventually.Holds("it runs", () => agent[Name].Presence() is { State: "holding", Faults.Count: 0 });
        arm.Bus.Arm.Supply = 4.9;
        await Complains(agent, "the supply is under 6 V, and the arm is set up for 7.4v");
        arm.Bus.Arm.Supply = 12.2;
        await Complains(agent, "the supply is over 8.6 V");
        arm.Bus.Arm.Supply = 7.4;
        await Eventually.Holds("no fault is left", () => agent[Name].Presence().Faults!.Count == 0);
    }

    private Task<TestAgent> StartAsync(Supply? supply, double volts, int limit)
    {
        arm.Bus.Arm.Supply = volts;
        for (byte id = 1; id <= 6; id++)
            arm.Bus.Arm.Write(id, Sts3215.MaxVoltageLimit, limit);
        return TestAgent.StartAsync(
            logs, new AgentConfiguration([new DeviceSettings(Name, "so101-follower", arm.Port, Supply: supply)], new BrokerOptions(["127.0.0.1"], 1)));
    }

    private static Task Complains(TestAgent agent, string what) => Eventually.Holds(
        () => $"it complains: {what}; it says {string.Join(", ", agent[Name].Presence().Faults!)}",
        () => agent[Name].Presence().Faults!.Any(fault => fault.Contains(what, StringComparison.Ordinal)));
}
