using Armada.Testing.Processes;
using Xunit.Abstractions;

namespace Armada.Tests.EndToEnd;

/// <summary>What <c>tests/bench chaos</c> does for an hour, for a few moments.</summary>
[Trait("Category", "Timed")]
public sealed class ChaosTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Whatever_fails_at_once_no_arm_moves_as_it_must_not()
    {
        // 300 ms to hold by design, and as many for a machine that runs everything at once.
        await using var chaos = ArmadaProgram.Start("Armada.Bench", "chaos", "--minutes", "0.2", "--slack", "300");

        var exit = await chaos.ExitsAsync(TimeSpan.FromSeconds(150));

        output.WriteLine(chaos.Output);
        Assert.True(exit == 0, chaos.Output);
    }
}
