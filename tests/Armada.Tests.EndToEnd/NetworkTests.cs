using Armada.Testing.Processes;
using Xunit.Abstractions;

namespace Armada.Tests.EndToEnd;

/// <summary>What <c>tests/bench network</c> does for every profile, for some seconds of one.</summary>
[Trait("Category", "Timed")]
public sealed class NetworkTests(ITestOutputHelper output)
{
    private const int CannotRun = 3;

    [SkippableFact]
    public async Task A_follower_goes_on_moving_where_the_network_loses_packets()
    {
        // Twenty times what is allowed on a quiet machine; one that chases the newest frame stands still for longer even so.
        await using var bench = ArmadaProgram.Start("Armada.Bench", "network", "--profile", "4g", "--quick", "--slack", "20");

        var exit = await bench.ExitsAsync(TimeSpan.FromSeconds(120));

        output.WriteLine(bench.Output);
        Skip.If(exit == CannotRun, bench.Output);
        Assert.True(exit == 0, bench.Output);
    }
}
