using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Armada.Domain.Robots;
using Armada.Silo.Engine;
using Armada.Testing;
using Armada.Testing.Engine;
using Armada.Tests.Silo.Arena;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Races;

public sealed class SocketRaceTests(Broker broker) : IClassFixture<Broker>
{
    private const string Robot = "arm";
    private const int Clients = 200;
    private const int Tries = 3;

    [Fact]
    public async Task Of_two_hundred_clients_at_the_slave_door_one_commands_and_every_other_is_told_who()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync(Robot);
        var engine = silo.Service<InProcessEngine>();
        var record = new RaceRecord("observer");
        await engine.EnterAsync(Robot, record, CancellationToken.None);
        await engine.ApplyAsync(Robot, new RobotRequest.JoinSlave(record.Name), CancellationToken.None);
        var answers = new ConcurrentQueue<(string Client, bool Accepted, string? Reason)>();

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(number => RaceAsync(silo.Http.BaseAddress!, number, answers)));

        record.CheckOneHolderAtATime();
        var masters = record.Masters;
        Assert.All(answers.Where(answer => answer.Accepted), answer => Assert.Contains(answer.Client, masters));
        Assert.All(
            answers.Where(answer => !answer.Accepted),
            answer => Assert.Contains(masters, master => master != answer.Client && Names(answer.Reason, master)));
        Assert.Contains(answers, answer => !answer.Accepted);
        Assert.True(masters.Count > 1, $"only {masters.Count} clients were master");
        Assert.True(record.Replaced > 0, "nobody was taken over");
        await Eventually.Holds("the robot is free when all have gone", () => IsFree(engine));
    }

    // Every tenth asks for takeover; whoever was accepted commands twice more and leaves, every other one without a word.
    private static async Task RaceAsync(Uri silo, int number, ConcurrentQueue<(string Client, bool Accepted, string? Reason)> answers)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"client-{number}");
        await using var client = await ArenaClient.SlaveAsync(silo, Robot, $"name={name}&takeover={(number % 10 == 0 ? "true" : "false")}");
        var isMaster = false;
        for (var time = 0; time < Tries && !client.HasEnded; time++)
        {
            if (await AskAsync(client, time) is not { } answer)
                return; // Taken over and closed before it was answered.
            answers.Enqueue((name, answer["accepted"]!.GetValue<bool>(), answer["reason"]?.GetValue<string>()));
            isMaster |= answer["accepted"]!.GetValue<bool>();
        }

        if (isMaster && number % 2 == 0 && !client.HasEnded)
            await client.LeaveAsync();
    }

    private static async Task<JsonNode?> AskAsync(ArenaClient client, int time)
    {
        try
        {
            await client.CommandAsync("shoulder_pan", time);
        }
        catch (System.Net.WebSockets.WebSocketException)
        {
            return null;
        }

        await Eventually.Holds(
            "a command is answered or the client is closed", () => client.CountOf("command_ack") > time || client.HasEnded, TimeSpan.FromSeconds(30));
        return client.Messages.Where(message => message["type"]!.GetValue<string>() == "command_ack").ElementAtOrDefault(time)?["data"];
    }

    private static bool Names(string? reason, string master) => reason?.Split(' ', ';').Contains(master, StringComparer.Ordinal) == true;

    private static bool IsFree(InProcessEngine engine) =>
        engine.GetAsync(Robot, CancellationToken.None).AsTask().GetAwaiter().GetResult() is { Master: null };
}
