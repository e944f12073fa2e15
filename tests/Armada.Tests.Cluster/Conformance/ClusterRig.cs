using System.Text;
using Armada.Core.Engine;
using Armada.Core.Frames;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Grains.Robots;
using Armada.Silo.Cluster;
using Armada.Silo.Engine;
using Armada.Silo.Ingress;
using Armada.Testing.Engine;
using Armada.Testing.Logging;
using StackExchange.Redis;

namespace Armada.Tests.Cluster.Conformance;

/// <summary>The two silos as one case of the suite sees them.</summary>
internal sealed class ClusterRig(TwoSilos cluster, FailOnLoggedErrors logs) : IEngineUnderTest
{
    private const int PartyFault = 1660;
    private const int RobotNotStored = 1604;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    public IReadOnlyList<IRobotEngine> Doors => [.. cluster.Silos.Select(silo => silo.Of<IRobotEngine>())];

    public Timestamp Now => cluster.Silos[0].Of<SiloClock>().Now();

    public Task RestartAsync() => cluster.RestartAsync();

    public async Task PassAsync(TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += Tick)
        {
            cluster.Time.Advance(Tick);
            foreach (var cell in cluster.Silos.SelectMany(silo => silo.Of<HostedRobots>().Cells))
                cell.Tick();
            await SettleAsync();
        }
    }

    public void Send(string device, in SampleStamp stamp, ReadOnlySpan<double> positions)
    {
        Span<byte> frame = stackalloc byte[FrameCodec.MaxSize];
        var length = DeviceEar.WriteState(frame, stamp, positions);
        foreach (var silo in cluster.Silos.Where(silo => silo.Of<DeviceRoutes>().Find(device) is not null))
            silo.Of<FrameIngress>().Take(Encoding.UTF8.GetBytes(device), frame[..length]);
    }

    public IDisposable BreakStorage(string robot)
    {
        logs.Expect(RobotNotStored).Expect("LogErrorWriteStateFailed").Expect("LogErrorStorageWriteFailed");
        return new BrokenKey(cluster.RedisAddress, cluster.KeyOf(robot));
    }

    public void ExpectPartyFault() => logs.Expect(PartyFault);

    public ValueTask DisposeAsync() => new(cluster.ClearAsync());

    /// <summary>The ticks of cells that were busy are over, and every party was told what was to tell.</summary>
    private async Task SettleAsync()
    {
        var robots = cluster.Silos.SelectMany(silo => silo.Of<IRobotHosting>().Here).ToArray();
        foreach (var silo in cluster.Silos)
        {
            foreach (var robot in robots)
            {
                var grain = silo.Of<IGrainFactory>().GetGrain<IRobotGrain>(robot);
                await grain.LookAsync();
                var nothing = await grain.LeaveAsync(silo.Of<Door>().Id, -1, "nobody leaves");
                await silo.Of<Door>().SettleAsync(nothing.Told, CancellationToken.None);
            }
        }
    }

    /// <summary>A key of another kind in the place of a grain's: no script of the store can write it.</summary>
    private sealed class BrokenKey : IDisposable
    {
        private readonly ConnectionMultiplexer client;
        private readonly string key;
        private readonly bool wasThere;

        public BrokenKey(string address, string key)
        {
            this.key = key;
            client = ConnectionMultiplexer.Connect(address);
            var store = client.GetDatabase();
            wasThere = store.KeyExists(key) && store.KeyRename(key, Kept);
            store.StringSet(key, "no hash");
        }

        private string Kept => $"{key}/kept";

        public void Dispose()
        {
            client.GetDatabase().KeyDelete(key);
            if (wasThere)
                client.GetDatabase().KeyRename(Kept, key);
            client.Dispose();
        }
    }
}
