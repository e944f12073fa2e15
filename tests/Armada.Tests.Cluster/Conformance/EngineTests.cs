using Armada.Testing.Engine;

namespace Armada.Tests.Cluster.Conformance;

/// <summary>The robots of two silos on Redis keep the engine's contract, whichever silo is asked.</summary>
public sealed class ClusterEngineTests(TwoSilos silos) : RobotEngineConformance, IClassFixture<TwoSilos>
{
    protected override async Task<IEngineUnderTest> StartAsync(HeardByDevices devices)
    {
        await silos.BeginAsync(Logs, devices);
        return new EngineUnderTest(silos, Logs);
    }
}

/// <summary>The robots of a silo keep the engine's contract, whether the silo is asked or a gateway.</summary>
public sealed class GatewayEngineTests(SiloAndGateway silos) : RobotEngineConformance, IClassFixture<SiloAndGateway>
{
    protected override async Task<IEngineUnderTest> StartAsync(HeardByDevices devices)
    {
        await silos.BeginAsync(Logs, devices);
        return new EngineUnderTest(silos, Logs);
    }
}

/// <summary>The robots of one silo with embedded storage keep the engine's contract.</summary>
public sealed class LocalEngineTests(OneSilo silo) : RobotEngineConformance, IClassFixture<OneSilo>
{
    protected override async Task<IEngineUnderTest> StartAsync(HeardByDevices devices)
    {
        await silo.BeginAsync(Logs, devices);
        return new EngineUnderTest(silo, Logs);
    }
}
