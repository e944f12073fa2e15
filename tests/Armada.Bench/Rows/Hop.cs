using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Armada.Bench.Load;
using Armada.Silo.Identities;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Bench.Rows;

/// <summary>What one silo more on the way costs: leaders connected to another silo than their robots', beside leaders that are not.</summary>
internal static class Hop
{
    public static async Task<IReadOnlyList<Row>> MeasureAsync(int arms, int rounds, TimeSpan round)
    {
        using var data = new TempFolder();
        CertificateAuthority.Open(new AuthorityFolder(data.File("authority")), mayMake: true, TimeProvider.System, NullLogger<CertificateAuthority>.Instance).Dispose();
        await using var redis = await Redis.StartAsync();
        var first = new Place();
        await using var robots = Start(first, data, redis);
        using var http = new HttpClient { BaseAddress = new Uri(first.Url) };
        await SeesAsync(http, silos: 1, robots);
        for (var arm = 0; arm < 2 * arms; arm++)
            await BindAsync(http, arm);
        await using var load = await HopLoad.StartAsync(2 * arms, first.DevicePort);
        await Eventually.Holds("every follower is commanded", () => load.IsCommanded, TimeSpan.FromSeconds(30));

        // The robots move all the time, so that they stay where they are.
        var second = new Place();
        await using var other = Start(second, data, redis);
        using var otherHttp = new HttpClient { BaseAddress = new Uri(second.Url) };
        await SeesAsync(otherHttp, silos: 2, other);
        await load.SeparateAsync(second.DevicePort);
        await load.MeasureAsync(round); // Both warm: the first round is thrown away.
        var pairs = new List<(Measurement Near, Measurement Far)>();
        for (var i = 0; i < rounds; i++)
            pairs.Add(await load.MeasureAsync(round));
        var what = $"leader at another silo than its robot, {arms} arms × 100 Hz beside {arms} that are not";
        return
        [
            Of($"{what}, p50", pairs, m => m.P50, "+ ≤ 150 µs"),
            Of($"{what}, p99", pairs, m => m.P99, "-"),
            new Row(
                $"{what}, commands",
                $"{Rounds.Median(pairs.Select(pair => 100.0 * pair.Far.Received / pair.Far.Sent)):0.0} %",
                $"{Rounds.Median(pairs.Select(pair => 100.0 * pair.Near.Received / pair.Near.Sent)):0.0} %",
                $"{Rounds.Median(pairs.Select(pair => (double)pair.Far.Received / pair.Near.Received)):0.000}",
                "1"),
        ];
    }

    private static Row Of(string what, List<(Measurement Near, Measurement Far)> pairs, Func<Measurement, double> figure, string builtFor) => new(
        what,
        $"{Rounds.Median(pairs.Select(pair => figure(pair.Far))):0} µs",
        $"{Rounds.Median(pairs.Select(pair => figure(pair.Near))):0} µs",
        $"+ {Rounds.Median(pairs.Select(pair => figure(pair.Far) - figure(pair.Near))):0} µs",
        builtFor);

    private static RunningProcess Start(Place place, TempFolder data, Redis redis) => ArmadaProgram.Start(
        "Armada.Silo",
        "--urls", place.Url,
        "--data", data.File($"silo-{place.DevicePort}"),
        "--cluster", "bench",
        "--redis", redis.Address,
        "--silo-endpoint", $"127.0.0.1:{FreePort.Next()}",
        "--gateway-port", $"{FreePort.Next()}",
        "--broker", $"127.0.0.1:{FreePort.Next()}",
        "--broker-plain", $"{place.DevicePort}",
        "--authority", data.File("authority"));

    private static Task SeesAsync(HttpClient http, int silos, RunningProcess started) => Eventually.Holds(
        () => $"there are {silos} silos; the last one printed:\n{started.Output}", () => CountSilos(http) == silos, TimeSpan.FromSeconds(30));

    private static int? CountSilos(HttpClient http)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/readyz");
            using var answer = http.Send(request);
            using var body = answer.Content.ReadAsStream();
            return answer.IsSuccessStatusCode ? JsonNode.Parse(body)!["silos"]!.GetValue<int>() : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static async Task BindAsync(HttpClient http, int arm)
    {
        var (robot, leader, follower) = ($"/api/v1/robots/hop-{arm}", ArmLoad.LeaderName(arm), ArmLoad.FollowerName(arm));
        (await http.PostAsJsonAsync("/api/v1/devices", new { name = leader, kind = "so101-leader" })).EnsureSuccessStatusCode();
        (await http.PostAsJsonAsync("/api/v1/devices", new { name = follower, kind = "so101-follower" })).EnsureSuccessStatusCode();
        (await http.PostAsJsonAsync("/api/v1/robots", new { id = $"hop-{arm}", model = "so101" })).EnsureSuccessStatusCode();
        (await http.PostAsJsonAsync($"{robot}/slaves", new { type = "device", device = follower })).EnsureSuccessStatusCode();
        (await http.PutAsJsonAsync($"{robot}/master", new { type = "device", device = leader })).EnsureSuccessStatusCode();
    }

    private sealed record Place
    {
        public string Url { get; } = $"http://127.0.0.1:{FreePort.Next()}";

        public int DevicePort { get; } = FreePort.Next();
    }
}
