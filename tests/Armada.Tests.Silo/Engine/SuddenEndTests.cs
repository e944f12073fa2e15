using System.Globalization;
using System.Net.Http.Json;
using Armada.Testing;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Engine;

public sealed class SuddenEndTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task A_killed_silo_that_is_started_again_commands_within_five_seconds_under_a_higher_epoch()
    {
        using var folder = new TempFolder();
        var topics = Broker.NextTopics();
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Next()}");
        await using var leader = await broker.ConnectAsync(topics, "leader");
        await using var follower = await broker.ConnectAsync(topics, "follower");
        await using (var first = Start(folder, topics.Root, url))
        {
            await first.PrintsAsync("Application started", TimeSpan.FromSeconds(30));
            await ArrangeAsync(url);
            await follower.CommandedAsync("the follower is commanded");
            await first.SendAsync(Signal.Kill);
            await first.ExitsAsync();
        }

        var epoch = follower.Commands.Last().Header.Epoch;
        await using var second = Start(folder, topics.Root, url);
        await second.PrintsAsync("Application started", TimeSpan.FromSeconds(30));

        await Eventually.Holds(
            "the follower is commanded under a higher epoch",
            () => follower.Commands.Last().Header.Epoch > epoch,
            TimeSpan.FromSeconds(5));
    }

    private RunningProcess Start(TempFolder folder, string root, string url) => SiloProcess.Start(
        "--data", folder.Path,
        "--urls", url,
        "--topic-root", root,
        "--mqtt", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{broker.Mosquitto.Port}"));

    private static async Task ArrangeAsync(string url)
    {
        using var http = new HttpClient { BaseAddress = new Uri(url) };
        (await http.PostAsJsonAsync("/api/v1/robots", new { id = "arm", model = "so101" })).EnsureSuccessStatusCode();
        (await http.PutAsJsonAsync("/api/v1/robots/arm/master", new { type = "device", device = "leader" })).EnsureSuccessStatusCode();
        (await http.PostAsJsonAsync("/api/v1/robots/arm/slaves", new { type = "device", device = "follower" })).EnsureSuccessStatusCode();
    }
}
