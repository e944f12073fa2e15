using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Silo.Access;
using Armada.Testing;
using Armada.Testing.Engine;
using Armada.Tests.Silo.Arena;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Races;

/// <summary>The race over the doors: every second client has a WebSocket, the others ask over HTTP; every tenth asks for takeover.</summary>
public sealed class SocketRaceTests(Broker broker) : IClassFixture<Broker>
{
    private const string Robot = "arm";
    private const string Master = $"/api/v1/robots/{Robot}/master";
    private const int Clients = 200;
    private const int Tries = 3;

    private readonly ConcurrentQueue<(string Client, bool Accepted, string? Reason)> answers = new();
    private readonly ConcurrentDictionary<string, uint> granted = new(StringComparer.Ordinal);

    [Fact]
    public async Task Of_two_hundred_clients_at_the_doors_one_commands_and_every_other_is_told_who()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync(Robot);
        var engine = silo.Service<IRobotEngine>();
        var record = new RaceRecord("observer");
        await engine.ConnectAsync(Robot, record, CancellationToken.None);
        await engine.ApplyAsync(Robot, new RobotRequest.JoinSlave(record.Name), CancellationToken.None);

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(number => RaceAsync(silo.Http, number)));
        await RaceOverHttpAsync(silo.Http, "last-but-one", takeover: true, 3); // Still holds the lease when the next one asks.
        await RaceOverHttpAsync(silo.Http, "last", takeover: true, 1);

        await Eventually.Holds(() => $"the robot is free when all have gone; {record.Holder} is master", () => record.Holder is null);
        record.CheckOneHolderAtATime();
        CheckAnswers(record.Masters);
        var epochs = record.Masters.Where(granted.ContainsKey).Select(master => granted[master]).ToArray();
        Assert.Equal(epochs.Distinct().Order(), epochs);
        Assert.True(record.Masters.Count > 1, $"only {record.Masters.Count} clients were master");
        Assert.True(record.Replaced > 0, "nobody was taken over");
        await NothingIsLeftAsync(silo, engine, record);
    }

    private Task RaceAsync(HttpClient http, int number)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"client-{number}");
        var takeover = number % 20 < 2;
        return number % 2 == 0 ? RaceOverWebSocketAsync(http.BaseAddress!, name, takeover, number) : RaceOverHttpAsync(http, name, takeover, number);
    }

    // Whoever was accepted commands twice more and leaves, every other one without a word.
    private async Task RaceOverWebSocketAsync(Uri silo, string name, bool takeover, int number)
    {
        await using var client = await ArenaClient.SlaveAsync(silo, Robot, $"name={name}&takeover={(takeover ? "true" : "false")}");
        var isMaster = false;
        for (var time = 0; time < Tries && !client.HasEnded; time++)
        {
            if (await AskAsync(client, time) is not { } answer)
                return; // Taken over and closed before it was answered.
            answers.Enqueue((name, answer["accepted"]!.GetValue<bool>(), answer["reason"]?.GetValue<string>()));
            isMaster |= answer["accepted"]!.GetValue<bool>();
        }

        if (isMaster && number % 4 == 0 && !client.HasEnded)
            await client.DisconnectAsync();
    }

    // Whoever got the lease commands until another has it, and every other one falls silent instead of giving it back.
    private async Task RaceOverHttpAsync(HttpClient http, string name, bool takeover, int number)
    {
        for (var time = 0; time < Tries; time++)
        {
            var (status, answer) = await AskAsync(http, HttpMethod.Put, Master, new { type = "remote", name, takeover });
            answers.Enqueue((name, status == 200, Told(answer, "master-held")));
            if (status != 200)
                continue;
            var epoch = answer!["epoch"]!.GetValue<uint>();
            Assert.True(granted.TryAdd(name, epoch), $"{name} was given the lease twice");
            for (var command = 0; command < Tries && status < 400; command++)
            {
                var goals = new[] { new { name = "shoulder_pan", value = command } };
                (status, answer) = await AskAsync(http, HttpMethod.Post, $"{Master}/command", new { name, epoch, joints = goals });
                if (Told(answer, "not-master") is { } reason && !reason.Contains("nobody", StringComparison.Ordinal))
                    answers.Enqueue((name, false, reason));
            }

            if (status < 400 && number % 4 == 1)
                await AskAsync(http, HttpMethod.Delete, Master, null);
            return;
        }
    }

    private void CheckAnswers(IReadOnlyList<string> masters)
    {
        Assert.Equal(masters.Distinct(StringComparer.Ordinal), masters); // Nobody came twice, so that each has one epoch.
        Assert.All(answers.Where(answer => answer.Accepted), answer => Assert.Contains(answer.Client, masters));
        Assert.All(
            answers.Where(answer => !answer.Accepted),
            answer => Assert.Contains(masters, master => master != answer.Client && Names(answer.Reason, master)));
        Assert.Contains(answers, answer => !answer.Accepted);
        Assert.Equal(granted.Keys.Order(StringComparer.Ordinal), masters.Where(granted.ContainsKey).Order(StringComparer.Ordinal));
    }

    private static async Task NothingIsLeftAsync(RunningSilo silo, IRobotEngine engine, RaceRecord record)
    {
        var sockets = silo.Service<OpenSockets>();
        await Eventually.Holds(() => $"every WebSocket is closed; {sockets.Count} are open", () => sockets.Count == 0);
        await engine.DisconnectAsync(Robot, record, "has seen it all");
        var robot = (await engine.GetAsync(Robot, CancellationToken.None))!;
        Assert.Null(robot.Master);
        Assert.Empty(robot.UnboundSlaves);
        Assert.Empty(robot.Slaves);
    }

    private static async Task<JsonNode?> AskAsync(ArenaClient client, int time)
    {
        try
        {
            await client.CommandAsync("shoulder_pan", time);
        }
        catch (WebSocketException)
        {
            return null;
        }

        await Eventually.Holds(
            "a command is answered or the client is closed", () => client.CountOf("command_ack") > time || client.HasEnded, TimeSpan.FromSeconds(30));
        return client.Messages.Where(message => message["type"]!.GetValue<string>() == "command_ack").ElementAtOrDefault(time)?["data"];
    }

    private static async Task<(int Status, JsonNode? Answer)> AskAsync(HttpClient http, HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    // The words of a refusal, which must be the one that is expected; null where nothing was refused.
    private static string? Told(JsonNode? answer, string problem)
    {
        if (answer?["detail"]?.GetValue<string>() is not { } detail)
            return null;
        Assert.Equal($"urn:armada:problem:{problem}", answer["type"]!.GetValue<string>());
        return detail;
    }

    private static bool Names(string? reason, string master) => reason?.Split(' ', ';').Contains(master, StringComparer.Ordinal) == true;
}
