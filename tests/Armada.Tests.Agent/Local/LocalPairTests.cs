using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Armada.Emulators.Arms;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Tests.Agent.Kit;

namespace Armada.Tests.Agent.Local;

public sealed class LocalPairTests : IAsyncLifetime
{
    private FailOnLoggedErrors Logs { get; } = new();

    private TestArm Leader { get; } = TestArm.Leader(new WavingHand());

    private TestArm Follower { get; } = TestArm.Follower();

    private TestAgent Agent { get; set; } = null!;

    public async Task InitializeAsync() =>
        Agent = await TestAgent.StartAsync(Logs, broker: null, local: true, ("leader-1", Leader.Port, null), ("follower-1", Follower.Port, null));

    public async Task DisposeAsync()
    {
        await Agent.DisposeAsync();
        Leader.Dispose();
        Follower.Dispose();
        Logs.Dispose();
    }

    [Fact]
    [Trait("Category", "Timed")]
    public async Task With_no_broker_at_all_the_follower_does_what_the_leader_does()
    {
        await Tracks();
        var worst = 0.0;
        var ticks = Agent["follower-1"].Counters.Ticks;
        await Eventually.Holds("four hundred ticks go by", () =>
        {
            worst = Math.Max(worst, Distance());
            return Agent["follower-1"].Counters.Ticks > ticks + 400;
        });
        // At 90 degrees a second the lag of leader, core, follower and servo is a few degrees.
        Assert.True(worst < 12, $"the follower was {worst:0.0} degrees away");
        Assert.Equal(0, Agent["follower-1"].Inbox.Lost);
    }

    [Fact]
    public async Task A_stop_made_here_holds_the_follower_until_a_reset_here()
    {
        await Tracks();
        Agent.Stop.Latch();
        await Eventually.Holds("the follower is stopped", () => StateOf("follower-1") == "stopped");
        var stood = Follower.Pose();
        await Eventually.Holds("the leader moves away", () => Distance() > 15, TimeSpan.FromSeconds(20));
        Assert.True(Math.Abs(Follower.Joint(0) - stood[0]) < 3, "the follower moved under a stop");
        Agent.Stop.Release();
        await Tracks();
    }

    [Fact]
    public async Task A_leader_whose_cable_is_pulled_is_held_to_and_followed_again_when_it_is_back()
    {
        await Tracks();
        Leader.Bus.Unplug();
        await Eventually.Holds("the follower holds", () => StateOf("follower-1") == "holding");
        Leader.Bus.Replug();
        await Tracks();
    }

    [Fact]
    public async Task Its_lag_and_its_ticks_can_be_seen_from_outside()
    {
        var seen = new ConcurrentDictionary<string, object?>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "Armada.EdgeAgent")
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => seen[instrument.Name] = tags[0].Value);
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => seen[instrument.Name] = tags[0].Value);
        listener.Start();
        await Eventually.Holds("a lag is measured", () => seen.ContainsKey("armada.agent.capture_to_write.duration"), TimeSpan.FromSeconds(20));
        listener.RecordObservableInstruments();
        Assert.Equal("follower-1", seen["armada.agent.capture_to_write.duration"]);
        Assert.All(
            ["armada.agent.ticks", "armada.agent.ticks.late", "armada.agent.commands.applied", "armada.agent.bus.duration"],
            (string name) => Assert.Contains(name, seen.Keys));
    }

    [Theory]
    [InlineData("leader-1")]
    [InlineData("follower-1")]
    public async Task Its_loop_allocates_nothing(string device)
    {
        await Tracks();
        // A temperature that changes costs a few bytes for those who may still read the old one.
        Assert.InRange(await Agent.AllocatesOverHundredStates(device), 0, 500);
    }

    private Task Tracks() => Eventually.Holds(
        () => $"the follower tracks the leader; it is {StateOf("follower-1")}, {Distance():0.0} degrees away",
        () => StateOf("follower-1") == "tracking" && Distance() < 10,
        TimeSpan.FromSeconds(20));

    private string? StateOf(string device) => Agent[device].Presence().State;

    private double Distance() => Leader.Pose().Zip(Follower.Pose(), (a, b) => Math.Abs(a - b)).Take(5).Max();
}
