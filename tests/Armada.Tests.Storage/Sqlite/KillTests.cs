using System.Globalization;
using Armada.Grains.Storage;
using Armada.Testing;
using Armada.Testing.Processes;
using Armada.Tests.Storage.Support;

namespace Armada.Tests.Storage.Sqlite;

public sealed class KillTests
{
    private const int Rounds = 20;

    [Fact]
    public async Task However_often_the_process_is_killed_everything_acknowledged_is_there_and_nothing_is_half_there()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        await using var file = new SqliteFile();
        var versions = new int[ChildProgram.Arms];
        var number = 0;
        for (var round = 1; round <= Rounds; round++)
        {
            await using (var child = ChildProgram.Write(file.Path))
            {
                var end = random.Next(2, 400);
                await Eventually.Holds(
                    () => $"the child acknowledges {end} writes; it said\n{child.Output}",
                    () => child.Lines.Count > end || child.HasExited,
                    TimeSpan.FromSeconds(60));
                await child.SendAsync(Signal.Kill);
                await child.ExitsAsync();
                foreach (var line in child.Lines)
                    Acknowledge(line, versions, ref number);
            }

            await file.OpenAsync();
            for (var index = 0; index < versions.Length; index++)
            {
                var state = new GrainState<ArmState>();
                await file.Grains.ReadStateAsync("arm", OrleansParts.Arm($"{index}"), state);
                Assert.True(state.State!.Version == 0 || state.State.IsWhole, $"arm {index} is half there, round {round}, seed {seed}");
                Assert.InRange(state.State.Version, versions[index], versions[index] + 1);
                versions[index] = state.State.Version;
            }

            number = await CheckAuditAsync(file, number);
            await file.CloseAsync();
        }

        Assert.True(number > 0 && versions.All(version => version > 0), "every writer wrote");
    }

    private static async Task<int> CheckAuditAsync(SqliteFile file, int acknowledged)
    {
        var store = new SqliteAuditStore(file.Database, new AuditRetention(), TimeProvider.System);
        var read = await store.ReadAsync(new AuditQuery { Limit = 10 * ChildProgram.EntriesAtOnce });
        var numbers = read.Select(record => int.Parse(record.Entry.Subject, CultureInfo.InvariantCulture)).ToList();
        if (numbers.Count == 0)
            return acknowledged;
        Assert.InRange(numbers[0], acknowledged, acknowledged + 1);
        var expected = Enumerable.Range(0, numbers.Count).Select(index => numbers[0] - (index / ChildProgram.EntriesAtOnce));
        Assert.Equal(expected, numbers);
        return numbers[0];
    }

    private static void Acknowledge(string line, int[] versions, ref int number)
    {
        switch (line.Split(' '))
        {
            // The last line may be cut.
            case ["arm", var index, var version] when int.TryParse(version, CultureInfo.InvariantCulture, out var acknowledged):
                ref var latest = ref versions[int.Parse(index, CultureInfo.InvariantCulture)];
                latest = Math.Max(latest, acknowledged);
                break;
            case ["audit", var appended] when int.TryParse(appended, CultureInfo.InvariantCulture, out var acknowledged):
                number = Math.Max(number, acknowledged);
                break;
        }
    }
}
