using Armada.Testing.Processes;

namespace Armada.Tests.Silo.Rooms;

/// <summary>The protocol as another language's own WebSocket client speaks it.</summary>
public sealed class NodeTests(SharedSilo shared) : IClassFixture<SharedSilo>
{
    [Theory]
    [InlineData("")]
    [InlineData("api")]
    public async Task Node_produces_and_consumes_under_the_paths_of_both_launchers(string prefix)
    {
        await using var silo = await RoomSilo.OpenAsync(shared);
        var script = Path.Combine(AppContext.BaseDirectory, "Rooms", "rooms.mjs");

        await using var node = await Node.StartAsync(
            script, new Uri(silo.Address, prefix).ToString().TrimEnd('/'));

        Assert.True(await node.ExitsAsync(TimeSpan.FromSeconds(40)) == 0, node.Output);
        await node.PrintsAsync("^done$");
    }
}
