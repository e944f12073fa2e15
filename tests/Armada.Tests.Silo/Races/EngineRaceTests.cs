using System.Globalization;
using Armada.Domain.Engine;
using Armada.Domain.Robots;
using Armada.Domain.Routing;
using Armada.Silo.Engine;
using Armada.Testing;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Races;

public sealed class EngineRaceTests(Broker broker) : IClassFixture<Broker>
{
    private const string Robot = "arm";
    private const int Clients = 200;
    private const int Leases = 80;
    private const int CommandsPerLease = 3;

    [Fact]
    public async Task Of_two_hundred_programs_that_race_for_one_robot_exactly_one_is_master_at_any_time()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync(Robot);
        var engine = silo.Service<InProcessEngine>();
        var record = new RaceRecord("observer");
        await engine.EnterAsync(Robot, record, CancellationToken.None);
        await engine.ApplyAsync(Robot, new RobotRequest.JoinSlave(record.Name), CancellationToken.None);

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(() => RaceAsync(engine, record, client))));

        var last = record.Asked("last", await AskAsync(engine, new RobotRequest.AttachRemote("last", true)))!.Value;
        await CommandAsync(engine, record, "last", last);
        await Eventually.Holds("the slave is commanded under the last epoch", () => record.Commanded.Contains(last));
        record.Check();
        Assert.True(record.Grants >= Leases, $"only {record.Grants} leases were given");
        Assert.True(record.Accepted > 0, "no command was accepted");
        Assert.True(record.Replaced > 0, "nobody was taken over");
    }

    // Every tenth asks for takeover; every seventh goes away like a broken connection instead of giving the lease back.
    private static async Task RaceAsync(InProcessEngine engine, RaceRecord record, int number)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"client-{number}");
        var party = new Client(name);
        while (record.Grants < Leases)
        {
            Assert.Null((await engine.EnterAsync(Robot, party, CancellationToken.None)).Refused);
            if (record.Asked(name, await AskAsync(engine, new RobotRequest.AttachRemote(name, number % 10 == 0))) is { } epoch)
                await CommandAsync(engine, record, name, epoch);
            if (number % 7 != 0)
                record.Seen(await AskAsync(engine, new RobotRequest.DetachRemote(name)));
            await engine.LeaveAsync(Robot, party, "gone");
        }
    }

    private static async Task CommandAsync(InProcessEngine engine, RaceRecord record, string name, uint epoch)
    {
        for (var command = 0; command < CommandsPerLease; command++)
        {
            var request = new RobotRequest.RemoteCommand(name, epoch, new JointCommand([new JointGoal("shoulder_pan", command)]));
            if (!record.Commands(name, epoch, await AskAsync(engine, request)))
                return;
        }
    }

    private static async Task<RobotReply> AskAsync(InProcessEngine engine, RobotRequest request) =>
        await engine.ApplyAsync(Robot, request, CancellationToken.None);

    /// <summary>A client's connection, of which nothing but the name matters here.</summary>
    private sealed class Client(string name) : IRobotParty
    {
        public string Name => name;

        public void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions)
        {
        }

        public void OnNote(Effect.Note note)
        {
        }

        public void OnGone(string reason)
        {
        }
    }
}
