using System.Globalization;
using Armada.Testing;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Store;

public sealed class KillTests(Broker broker) : IClassFixture<Broker>
{
    private const int Rounds = 4;
    private const int MostChangesOfALife = 80;

    [Fact]
    public async Task However_often_a_silo_is_killed_everything_is_as_acknowledged_or_as_in_flight()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        using var folder = new TempFolder();
        var topics = Broker.NextTopics();
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Next()}");
        using var world = new ChangingWorld(new Uri(url));
        for (var round = 0; round <= Rounds; round++)
        {
            await using var silo = SiloProcess.Start(
                "--data", folder.Path, "--urls", url, "--topic-root", topics.Root,
                "--mqtt", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{broker.Mosquitto.Port}"));
            await silo.PrintsAsync("Application started", TimeSpan.FromSeconds(30));
            Assert.Empty(Directory.EnumerateFiles(folder.Path, "*.damaged-*", SearchOption.AllDirectories));
            Assert.Empty(Directory.EnumerateFiles(folder.Path, "*.tmp", SearchOption.AllDirectories));
            if (round == 0)
                await world.MakeAsync();
            else
                await world.CheckAsync($"round {round}, seed {seed}");
            if (round == Rounds)
                break;
            var changing = world.ChangeAsync();
            var end = world.Changes + random.Next(MostChangesOfALife);
            await Eventually.Holds(
                () => $"the silo acknowledges {end} changes; it did {world.Changes}, the fewest of an entity {world.LeastChanges}",
                () => changing.IsCompleted || (world.Changes >= end && (round < Rounds - 1 || world.LeastChanges > 0)),
                TimeSpan.FromSeconds(30));
            await silo.SendAsync(Signal.Kill);
            await silo.ExitsAsync();
            await Eventually.Happens("every loop sees that the silo is gone", changing);
        }
    }
}
