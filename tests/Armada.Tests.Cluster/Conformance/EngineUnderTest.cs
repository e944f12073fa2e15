using System.Text;
using Armada.Core.Engine;
using Armada.Core.Frames;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.Grains;
using Armada.Grains.Robots;
using Armada.Grains.State;
using Armada.Silo.Engine;
using Armada.Silo.Ingress;
using Armada.Testing.Engine;
using Armada.Testing.Logging;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace Armada.Tests.Cluster.Conformance;

/// <summary>The silos as one case of the suite sees them.</summary>
internal sealed class EngineUnderTest(SilosUnderTest silos, FailOnLoggedErrors logs) : IEngineUnderTest
{
    private const int PartyFault = 1660;
    private const int NotStored = 1603;
    private const int SetAside = 1601;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    public IReadOnlyList<IRobotEngine> Doors => [.. silos.Gateways.Concat(silos.Silos).Select(silo => silo.Of<IRobotEngine>())];

    public Timestamp Now => silos.Silos[0].Of<SiloClock>().Now();

    public Task RestartAsync() => silos.RestartAsync();

    public async Task PassAsync(TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += Tick)
        {
            silos.Time.Advance(Tick);
            foreach (var robot in silos.Silos.SelectMany(silo => silo.Of<HostedRobots>().All))
                robot.Tick();
            await SettleAsync();
        }
    }

    public void Send(string device, in SampleStamp stamp, ReadOnlySpan<double> positions)
    {
        Span<byte> frame = stackalloc byte[FrameCodec.MaxSize];
        var length = DeviceEar.WriteState(frame, stamp, positions);
        foreach (var silo in silos.Silos.Where(silo => silo.Of<DeviceRoutes>().Find(device) is not null))
            silo.Of<FrameIngress>().Take(Encoding.UTF8.GetBytes(device), frame[..length]);
    }

    public IDisposable BreakStorage(string robot)
    {
        logs.Expect(NotStored).Expect("LogNotWritten").Expect("LogErrorWriteStateFailed");
        return silos.BreakStorage(robot);
    }

    public async Task StoreAsync(RobotDocument document)
    {
        logs.Expect(SetAside);
        var storage = silos.Silos[0].Of<IServiceProvider>().GetRequiredKeyedService<IGrainStorage>(GrainStores.Armada);
        var (id, record) = (GrainId.Create("armada.robot", document.Id), new GrainState<RobotState>(new RobotState()));
        await storage.ReadStateAsync("robot", id, record);
        record.State = new RobotState { Document = document };
        await storage.WriteStateAsync("robot", id, record);
    }

    public void ExpectPartyFault() => logs.Expect(PartyFault);

    public ValueTask DisposeAsync() => new(silos.ClearAsync());

    /// <summary>The ticks of robots that were busy are over, and every session was told what was to be told.</summary>
    private async Task SettleAsync()
    {
        var robots = silos.Silos.SelectMany(silo => silo.Of<HostedRobots>().All).ToArray();
        await Task.WhenAll(robots.Select(robot => robot.AskAsync(new WorkItem((_, _) => Decision.Nothing), ahead: false, CancellationToken.None)));
        foreach (var silo in silos.Silos.Concat(silos.Gateways))
        {
            foreach (var robot in robots)
                await silo.Of<IGrainFactory>().GetGrain<IRobotGrain>(robot.Id).RenewAsync(silo.Of<RobotSubscriptions>().Self, [], last: 0);
        }
    }
}
