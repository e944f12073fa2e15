using Armada.Core.Frames;
using Armada.Core.Routing;
using Armada.Devices.ServoBus;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Follower;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Tests.Agent.Kit;

namespace Armada.Tests.Agent.Local;

/// <summary>Stops while masters race for an arm, seen on its bus: they take it over from each other, and those that lost it go on.</summary>
public sealed class RacingMastersTests
{
    private const int Masters = 200;
    private const int Stops = 100;
    private const int TicksUnderStop = 5;

    [Fact]
    public async Task After_each_of_a_hundred_stops_under_two_hundred_masters_no_other_goal_is_written()
    {
        using var logs = new FailOnLoggedErrors();
        using var arm = TestArm.Follower();
        await using var agent = await TestAgent.StartAsync(logs, broker: null, local: false, ("follower-1", arm.Port, null));
        var device = agent["follower-1"];
        var states = 0;
        device.AddSink((in FrameHeader _, ReadOnlySpan<double> positions, FrameEcho? _) =>
        {
            // A joint that cannot be read when it is stopped is held where it stands as soon as it can be.
            if (!positions.ContainsAnyExceptInRange(double.MinValue, double.MaxValue))
                Interlocked.Increment(ref states);
        });
        using var end = new CancellationTokenSource();
        var race = RaceAsync(device.Inbox, arm.Pose(), end.Token);
        for (var stop = 0; stop < Stops; stop++)
        {
            var since = arm.Bus.Journal.Count;
            await Eventually.Holds("the arm is driven", () => Goals(arm, since).Distinct().Count() > 6);

            agent.Stop.Latch();
            await Eventually.Holds("it is stopped", () => device.Presence().State == "stopped");
            var read = Volatile.Read(ref states);
            // The writes before are in the journal when a later read of the bus is answered.
            await Eventually.Holds("the bus is read", () => Volatile.Read(ref states) > read + 2);
            var (ticks, refused) = (device.Counters.Ticks, device.Counters.Dropped(FrameResult.Stopped));
            since = arm.Bus.Journal.Count;
            var held = Enumerable.Range(1, 6).Select(id => arm.Bus.Arm.Read((byte)id, Sts3215.GoalPosition)).ToArray();
            await Eventually.Holds("masters are refused", () =>
                device.Counters.Ticks > ticks + TicksUnderStop && device.Counters.Dropped(FrameResult.Stopped) > refused + 10);
            Assert.All(Goals(arm, since), goal => Assert.Equal(held[goal.Id - 1], goal.Steps));
            Assert.Equal(held, Enumerable.Range(1, 6).Select(id => arm.Bus.Arm.Read((byte)id, Sts3215.GoalPosition)));
            agent.Stop.Release();
        }

        await end.CancelAsync();
        await race;
    }

    private static List<(byte Id, int Steps)> Goals(TestArm arm, long since) =>
        [.. arm.Bus.Journal.Since(since)
            .Where(write => write.Of(Sts3215.GoalPosition) is not null)
            .Select(write => (write.Id, write.Of(Sts3215.GoalPosition)!.Value))];

    /// <summary>Twenty commands of any of them each millisecond, and a takeover now and then.</summary>
    private static async Task RaceAsync(CommandInbox inbox, double[] rest, CancellationToken end)
    {
        var random = new Random(1);
        var epochs = new uint[Masters];
        var (epoch, sequence) = (0u, 0u);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!end.IsCancellationRequested)
        {
            await timer.WaitForNextTickAsync(CancellationToken.None);
            for (var command = 0; command < 20; command++)
            {
                var master = random.Next(Masters);
                if (epoch == 0 || random.Next(1000) == 0)
                    inbox.TryStart(epochs[master] = ++epoch);
                else if (random.Next(4) == 0)
                    master = Array.IndexOf(epochs, epoch);
                double[] pose = [.. rest.Select(joint => joint + (20 * random.NextDouble()) - 10)];
                inbox.Receive(new SampleStamp(epochs[master], ++sequence, (long)sequence * 50, 300), pose, TimeProvider.System.Now());
            }
        }
    }
}
