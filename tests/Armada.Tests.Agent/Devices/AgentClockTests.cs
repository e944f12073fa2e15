using Armada.EdgeAgent.Devices;
using Armada.Testing;

namespace Armada.Tests.Agent.Devices;

public sealed class AgentClockTests
{
    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    [InlineData(-0.2)]
    public void A_wall_clock_that_is_set_moves_no_capture_time(double seconds)
    {
        var machine = new HandTime();
        var clock = new AgentClock(machine);
        var began = clock.Now();

        for (var tick = 1; tick <= 100; tick++)
        {
            machine.Set = TimeSpan.FromSeconds(tick < 50 ? 0 : seconds);
            machine.Advance(TimeSpan.FromMilliseconds(10));
            Assert.Equal((tick * 10_000L, tick * 10_000L), (clock.Now().MicrosecondsSince(began), clock.Now().Unix - began.Unix));
        }
    }

    [Fact]
    public void It_begins_with_the_machines_time()
    {
        var machine = new HandTime();

        Assert.Equal(machine.GetUtcNow(), new AgentClock(machine).GetUtcNow());
    }
}
