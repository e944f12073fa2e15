using Armada.Testing.Engine;

namespace Armada.Tests.Silo.Engine.Conformance;

/// <summary>The engine of one process keeps the port's contract.</summary>
public sealed class InProcessEngineTests : RobotEngineConformance
{
    protected override async Task<IEngineUnderTest> StartAsync(HeardByDevices devices)
    {
        var rig = new InProcessRig(Logs, devices);
        await rig.StartAsync();
        return rig;
    }
}
