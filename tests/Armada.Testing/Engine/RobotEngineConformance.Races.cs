using System.Globalization;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Xunit;

namespace Armada.Testing.Engine;

public abstract partial class RobotEngineConformance
{
    private const int Clients = 200;
    private const int Leases = 80;
    private const int CommandsPerLease = 3;

    [Fact]
    public async Task Of_two_hundred_programs_that_race_for_one_robot_exactly_one_is_master_at_any_time()
    {
        await MakeAsync(Arm);
        var record = new RaceRecord("observer");
        await Here.ConnectAsync(Arm, record, default);
        await AcceptAsync(Arm, new RobotRequest.JoinSlave(record.Name));

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(() => RaceAsync(record, client))));

        record.Asked("last-but-one", await Here.ApplyAsync(Arm, new RobotRequest.AttachRemote("last-but-one", true), default));
        var last = record.Asked("last", await Here.ApplyAsync(Arm, new RobotRequest.AttachRemote("last", true), default))!.Value;
        await CommandAsync(Here, record, "last", last);
        await Rig.PassAsync(TimeSpan.FromSeconds(0.1));
        await Eventually.Holds("the slave is commanded under the last epoch", () => record.Commanded.Contains(last));
        record.Check();
        Assert.True(record.Grants >= Leases, $"only {record.Grants} leases were given");
        Assert.True(record.Accepted > 0, "no command was accepted");
        Assert.True(record.Replaced > 0, "nobody was taken over");
    }

    [Fact]
    public async Task Parties_that_come_and_go_all_at_once_leave_nothing_behind()
    {
        await MakeAsync(Arm);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(number => Task.Run(async () =>
        {
            // Ten for each name: whoever finds it taken goes on without.
            var party = new ScriptedSession($"guest-{number / 10}");
            var door = Rig.Doors[number % Rig.Doors.Count];
            var entered = await door.ConnectAsync(Arm, party, default);
            if (entered.Refused is null)
                await door.ApplyAsync(Arm, new RobotRequest.JoinSlave(party.Name), default);
            else
                Assert.Equal(RefusalReason.NameTaken, entered.Refused.Reason);
            await door.DisconnectAsync(Arm, party, "gone");
        })));

        Assert.Empty((await LookAsync()).UnboundSlaves);
        Assert.Null((await Here.ConnectAsync(Arm, new ScriptedSession("guest-0"), default)).Refused);
    }

    // Every tenth asks for takeover; every seventh goes away like a broken connection instead of giving the lease back.
    private async Task RaceAsync(RaceRecord record, int number)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"client-{number}");
        var door = Rig.Doors[number % Rig.Doors.Count];
        var party = new ScriptedSession(name);
        while (record.Grants < Leases)
        {
            Assert.Null((await door.ConnectAsync(Arm, party, default)).Refused);
            if (record.Asked(name, await door.ApplyAsync(Arm, new RobotRequest.AttachRemote(name, number % 10 == 0), default)) is { } epoch)
                await CommandAsync(door, record, name, epoch);
            if (number % 7 != 0)
                record.Seen(await door.ApplyAsync(Arm, new RobotRequest.DetachRemote(name), default));
            await door.DisconnectAsync(Arm, party, "gone");
        }
    }

    private static async Task CommandAsync(IRobotEngine door, RaceRecord record, string name, uint epoch)
    {
        for (var command = 0; command < CommandsPerLease; command++)
        {
            if (!record.Commands(name, epoch, await door.ApplyAsync(Arm, new RobotRequest.RemoteCommand(name, epoch, Go(command)), default)))
                return;
        }
    }
}
