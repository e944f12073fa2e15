using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Armada.Tests.Silo.Store;

/// <summary>Entities of every kind that a silo stores, each changed over REST by a loop of its own until the silo is gone.</summary>
internal sealed class ChangingWorld : IDisposable
{
    private const string Bound = "bound";
    private const string Led = "led";
    private const string Move = "move";

    private readonly HttpClient http;
    private readonly Ledger<Robot> bound = new(Bound, new Robot(100, null, 0, false));
    private readonly Ledger<string?> sequence = new(Move, null);
    private readonly Ledger<Key> keys = new("the newest key", new Key("none", null));
    private readonly Ledger<bool> fleet = new("the fleet's stop", false);
    private readonly List<string> audited = [];
    private readonly Lock auditing = new();
    private int turn;
    private int leases;
    private uint epoch;

    public ChangingWorld(Uri silo) => http = new HttpClient { BaseAddress = silo };

    /// <summary>Changes that were acknowledged.</summary>
    public int Changes => AllChanges.Sum();

    /// <summary>Fewest changes of any entity.</summary>
    public int LeastChanges => AllChanges.Min();

    private int[] AllChanges => [bound.Changes, sequence.Changes, keys.Changes, fleet.Changes, leases];

    /// <summary>Makes what stays, and the key that everything is done with.</summary>
    public async Task MakeAsync()
    {
        var key = await SendAsync(HttpMethod.Post, "keys", new { name = "root", role = "admin" });
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key!["key"]!.GetValue<string>());
        await SendAsync(HttpMethod.Post, "robots", new { id = Bound, model = "so101", joints = Limit(100) });
        await SendAsync(HttpMethod.Post, "robots", new { id = Led, model = "so101" });
    }

    /// <summary>Changes everything at once until nothing answers.</summary>
    public Task ChangeAsync() => Task.WhenAll(
        RepeatAsync(BindAsync), RepeatAsync(LeadAsync), RepeatAsync(RewriteAsync), RepeatAsync(IssueAsync), RepeatAsync(LatchAsync));

    /// <summary>After a restart: everything must be as acknowledged or as in flight.</summary>
    public async Task CheckAsync(string when)
    {
        var robot = (await GetAsync($"robots/{Bound}"))!;
        bound.Settle(new Robot(
            robot["joints"]![0]!["max"]!.GetValue<double>(),
            robot["master"]?["name"]?.GetValue<string>(),
            robot["slaves"]!.AsArray().SingleOrDefault()?["offsets"]!["gripper"]!.GetValue<double>() ?? 0,
            robot["stopped"]!.GetValue<bool>()));
        fleet.Settle(robot["fleet_stopped"]!.GetValue<bool>());
        var led = (await GetAsync($"robots/{Led}"))!;
        var found = led["epoch"]!.GetValue<uint>();
        Assert.True(found >= epoch, $"{when}: the epoch went back from {epoch} to {found}");
        epoch = found;
        sequence.Settle((await GetAsync($"sequences/{Move}"))?["name"]!.GetValue<string>());
        await CheckKeyAsync();
        await CheckAuditAsync(when);
    }

    public void Dispose() => http.Dispose();

    private static object[] Limit(double max) => [new { name = "shoulder_pan", max }];

    private int Next() => Interlocked.Increment(ref turn);

    // A robot's limits, master, slave and latch, one after another.
    private async Task BindAsync()
    {
        var now = bound.Acknowledged;
        var number = Next();
        var path = $"robots/{Bound}";
        await ((bound.Changes % 6) switch
        {
            0 => Change(now with { Max = number % 90 + 1 }, HttpMethod.Put, path, new { model = "so101", joints = Limit(number % 90 + 1) }, "robot-changed"),
            1 => Change(now with { Master = null }, HttpMethod.Delete, $"{path}/master", null, "master-unbound"),
            2 when now.Offset != 0 => Change(now with { Offset = 0 }, HttpMethod.Delete, $"{path}/slaves/arm", null, "slave-unbound"),
            3 => Change(now with { Stopped = !now.Stopped }, HttpMethod.Post, $"{path}/{(now.Stopped ? "reset" : "stop")}", null, null),
            2 or 4 => Change(
                now with { Offset = number % 90 + 1 }, HttpMethod.Post, $"{path}/slaves",
                new { type = "device", device = "arm", offsets = new { gripper = number % 90 + 1 } }, "slave-bound"),
            _ => Change(
                now with { Master = $"leader-{number}" }, HttpMethod.Put, $"{path}/master",
                new { type = "device", device = $"leader-{number}", takeover = true }, "master-bound"),
        });

        Task Change(Robot next, HttpMethod method, string to, object? body, string? what) =>
            bound.ChangeAsync(next, async () => Noted(await SendAsync(method, to, body), what, Bound));
    }

    // A robot whose master changes all the time, so that its epoch outruns the clock that it begins with.
    private async Task LeadAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"program-{Next()}");
        var lease = await SendAsync(HttpMethod.Put, $"robots/{Led}/master", new { type = "remote", name, takeover = true });
        var given = lease!["epoch"]!.GetValue<uint>();
        Assert.True(given > epoch, $"{name} was given epoch {given} after {epoch}");
        epoch = given;
        leases++;
        Noted(lease, "master-bound", Led, $"remote {name}, takeover");
    }

    private async Task RewriteAsync()
    {
        var number = Next();
        if (number % 5 == 0 && sequence.Acknowledged is not null)
        {
            await sequence.ChangeAsync(null, async () => Noted(await SendAsync(HttpMethod.Delete, $"sequences/{Move}"), "sequence-removed", Move));
            return;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"move {number}");
        var what = sequence.Acknowledged is null ? "sequence-made" : "sequence-changed";
        var commands = new[] { new { timestamp = 0, joints = new[] { new { name = "gripper", value = number % 100 } } } };
        await sequence.ChangeAsync(
            name, async () => Noted(await SendAsync(HttpMethod.Put, $"sequences/{Move}", new { name, commands, total_duration = 100 }), what, Move, name));
    }

    // Makes a key, then revokes it.
    private async Task IssueAsync()
    {
        if (keys.Acknowledged is { IsRevoked: false } good)
        {
            await keys.ChangeAsync(
                good with { IsRevoked = true }, async () => Noted(await SendAsync(HttpMethod.Delete, $"keys/{await IdOfAsync(good.Name)}"), "key-revoked"));
            return;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"key-{Next()}");
        await keys.ChangeAsync(
            new Key(name, false), async () => Noted(await SendAsync(HttpMethod.Post, "keys", new { name, role = "viewer" }), "key-made", name));
    }

    private Task LatchAsync() =>
        fleet.ChangeAsync(!fleet.Acknowledged, () => SendAsync(HttpMethod.Post, fleet.Acknowledged ? "fleet/reset" : "fleet/stop"));

    private JsonNode? Noted(JsonNode? answer, string? what, string? subject = null, string? detail = null)
    {
        if (what is not null)
        {
            lock (auditing)
                audited.Add($"{what} {subject} {detail}");
        }

        return answer;
    }

    private async Task CheckKeyAsync()
    {
        var newest = keys.Acknowledged;
        var all = (await ListAsync("keys")).ToDictionary(key => key["name"]!.GetValue<string>(), key => key["revoked"] is not null);
        var last = all.Keys.Where(name => name != "root").MaxBy(name => int.Parse(name.AsSpan(4), CultureInfo.InvariantCulture));
        keys.Settle(last is null ? newest : new Key(last, all[last]));
        Assert.All(all, key => Assert.True(key.Value || key.Key == last || key.Key == "root", $"{key.Key} is good again"));
    }

    private async Task<string> IdOfAsync(string name) =>
        (await ListAsync("keys")).Single(key => key["name"]!.GetValue<string>() == name)["id"]!.GetValue<string>();

    private async Task CheckAuditAsync(string when)
    {
        var records = (await ListAsync("audit")).ToList();
        var numbers = records.Select(record => record["seq"]!.GetValue<long>()).ToArray();
        Assert.Equal(Enumerable.Range(1, numbers.Length).Select(number => (long)number).Reverse(), numbers);
        var there = records.SelectMany(Texts).CountBy(text => text).ToDictionary();
        foreach (var (text, count) in audited.CountBy(text => text))
            Assert.True(there.GetValueOrDefault(text) >= count, $"{when}: '{text}' was acknowledged {count} times, the trail has {there.GetValueOrDefault(text)}");
    }

    private static IEnumerable<string> Texts(JsonNode record)
    {
        var (what, subject, detail) = ($"{record["what"]}", $"{record["subject"]}", $"{record["detail"]}");
        return [$"{what}  ", $"{what} {subject} ", $"{what}  {detail}", $"{what} {subject} {detail}"];
    }

    private async Task<IEnumerable<JsonNode>> ListAsync(string what)
    {
        var all = new List<JsonNode>();
        for (string? after = ""; after is not null;)
        {
            var page = (await GetAsync($"{what}?limit=200{after}"))!;
            all.AddRange(page["items"]!.AsArray().Select(item => item!));
            after = page["next"]?.GetValue<string>() is { } next ? $"&after={next}" : null;
        }

        return all;
    }

    private static async Task RepeatAsync(Func<Task> change)
    {
        try
        {
            while (true)
                await change();
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or SocketException)
        {
            // The silo is gone.
        }
    }

    private async Task<JsonNode?> GetAsync(string path)
    {
        using var response = await http.GetAsync(new Uri($"/api/v1/{path}", UriKind.Relative));
        return response.StatusCode == System.Net.HttpStatusCode.NotFound ? null : await ReadAsync(response, path);
    }

    private async Task<JsonNode?> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, $"/api/v1/{path}") { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await http.SendAsync(request);
        return await ReadAsync(response, $"{method} {path}");
    }

    private static async Task<JsonNode?> ReadAsync(HttpResponseMessage response, string request)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{request}: {(int)response.StatusCode} {text}");
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    private sealed record Robot(double Max, string? Master, double Offset, bool Stopped);

    private sealed record Key(string Name, bool? IsRevoked);
}
