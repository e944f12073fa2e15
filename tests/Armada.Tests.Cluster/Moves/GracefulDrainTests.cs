using System.Net;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Grains.Robots;
using Armada.Silo.Ingress;
using Armada.Silo.Options;
using Armada.Testing;
using Armada.Testing.Engine;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Armada.Tests.Cluster.Conformance;

namespace Armada.Tests.Cluster.Moves;

/// <summary>Three silos in one process: robots spread over them, and when one is told to stop, its robots go to the others with their subscriptions.</summary>
public sealed class GracefulDrainTests
{
    private const int Count = 3;
    private const int Robots = 24;

    // A master may speak either of two dialects, so its silo hears two topics of it; of a slave one.
    private const int SubscriptionsPerRobot = 3;

    [Fact]
    public async Task A_silo_that_stops_hands_its_robots_and_their_subscriptions_to_the_others()
    {
        using var logs = new FailOnLoggedErrors();
        using var folder = new TempFolder();
        await using var redis = await Testing.Brokers.Redis.StartAsync();
        var devices = new HeardByDevices();
        List<SiloUnderTest> silos = [];
        try
        {
            for (var index = 0; index < Count; index++)
            {
                var place = new SiloClusterOptions("moves", "moves", redis.Address, new IPEndPoint(IPAddress.Loopback, FreePort.Next()), FreePort.Next());
                silos.Add(new SiloUnderTest(Path.Combine(folder.Path, $"silo-{index}"), place, TimeProvider.System, logs, devices.Hear));
                await silos[^1].StartAsync();
            }

            await Eventually.Holds("all silos see all", () => silos.All(silo => silo.Of<IEngineHealth>().Now is { Loaded: true, Silos: Count }), TimeSpan.FromSeconds(20));
            var before = await BindAllAsync(silos);
            Assert.All(silos, silo => Assert.NotEmpty(silo.Of<HostedRobots>().All));
            AssertEveryDeviceIsHeardOnce(silos);

            await silos[0].DisposeAsync();
            silos.RemoveAt(0);

            await Eventually.Holds("every robot runs at one of the others", () => silos.Sum(silo => silo.Of<HostedRobots>().Count) == Robots);
            AssertEveryDeviceIsHeardOnce(silos);
            var after = await silos[0].Of<IRobotEngine>().ListAsync(CancellationToken.None);
            Assert.Equal(before.Select(robot => robot.Document.Id), after.Select(robot => robot.Document.Id));
            Assert.All(before.Zip(after), pair => Assert.Equal(pair.First.Document.Master, pair.Second.Document.Master));
            Assert.All(before.Zip(after), pair => Assert.Equal(pair.First.Document.Slaves.AsEnumerable(), pair.Second.Document.Slaves.AsEnumerable()));
            Assert.All(before.Zip(after), pair => Assert.True(pair.Second.Document.Epoch >= pair.First.Document.Epoch, "an epoch went back"));
        }
        finally
        {
            foreach (var silo in silos)
                await silo.DisposeAsync();
        }
    }

    private static async Task<IReadOnlyList<RobotSnapshot>> BindAllAsync(List<SiloUnderTest> silos)
    {
        for (var robot = 0; robot < Robots; robot++)
        {
            var engine = silos[robot % Count].Of<IRobotEngine>();
            Assert.Null((await engine.CreateAsync($"robot-{robot}", RobotModels.So101, null, CancellationToken.None)).Refused);
            Assert.Null((await engine.ApplyAsync($"robot-{robot}", new RobotRequest.BindMaster($"leader-{robot}", false), CancellationToken.None)).Refused);
            Assert.Null((await engine.ApplyAsync($"robot-{robot}", new RobotRequest.BindSlave($"follower-{robot}", false), CancellationToken.None)).Refused);
        }

        return await silos[0].Of<IRobotEngine>().ListAsync(CancellationToken.None);
    }

    private static void AssertEveryDeviceIsHeardOnce(List<SiloUnderTest> silos)
    {
        var names = Enumerable.Range(0, Robots).SelectMany(robot => (string[])[$"leader-{robot}", $"follower-{robot}"]);
        Assert.All(names, device => Assert.Equal(1, silos.Count(silo => silo.Of<DeviceRoutes>().Find(device) is not null)));
        Assert.Equal(Robots * SubscriptionsPerRobot, silos.Sum(silo => silo.Of<StateSubscriptions>().Count));
    }
}
