using Armada.Silo.Access;
using Armada.Silo.Audit;
using Armada.Silo.Store;
using Armada.Testing;
using Armada.Testing.Logging;

namespace Armada.Tests.Silo.Audit;

public sealed class AuditTrailTests : IDisposable
{
    private const int NotWritten = 1201;
    private const int WrittenAgain = 1202;
    private static readonly Caller Boss = new("boss", Role.Admin, "::1");

    private readonly TempFolder folder = new();
    private readonly DataFolder data;
    private readonly FailOnLoggedErrors logs = new();

    public AuditTrailTests() => data = new DataFolder(folder.Path);

    [Fact]
    public async Task What_was_flushed_is_on_disk()
    {
        await using var trail = await OpenAsync();
        for (var i = 1; i <= 50; i++)
        {
            trail.Record(Boss, "stop", $"arm-{i}");
            await trail.FlushAsync(CancellationToken.None);
            Assert.Equal(i, Lines().Length);
        }
    }

    [Fact]
    public async Task Records_of_many_threads_are_all_there_each_with_its_own_number()
    {
        await using (var trail = await OpenAsync())
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(async () =>
            {
                for (var i = 0; i < 500; i++)
                    trail.Record(Boss, "stop", $"arm-{thread}-{i}");
                await trail.FlushAsync(CancellationToken.None);
            })));
        }

        await using var again = await OpenAsync();
        var records = again.ReadBackwards().ToList();
        Assert.Equal(Enumerable.Range(1, 4000).Reverse().Select(seq => (long)seq), records.Select(record => record.Seq));
        Assert.Equal(4000, records.Select(record => record.Subject).Distinct().Count());
    }

    [Fact]
    public async Task An_orderly_end_keeps_what_was_not_flushed()
    {
        await using (var trail = await OpenAsync())
            trail.Record(Boss, "stop", "arm");

        await using var again = await OpenAsync();
        Assert.Equal("arm", Assert.Single(again.ReadBackwards()).Subject);
    }

    [Fact]
    public async Task A_full_disk_holds_nobody_up_and_what_waited_is_written_later()
    {
        logs.Expect(NotWritten);
        var blocked = Directory.CreateDirectory(Path.Combine(folder.Path, "audit", "000000000001.jsonl"));
        await using var trail = await OpenAsync();

        for (var i = 1; i <= 20; i++)
        {
            trail.Record(Boss, "stop", $"arm-{i}");
            await Eventually.Happens("the flush ends although the disk refuses", trail.FlushAsync(CancellationToken.None));
        }

        Assert.Single(logs.Of(NotWritten));
        blocked.Delete();
        await Eventually.Holds("everything is written in the end", () => trail.ReadBackwards().Count() == 20);
        await Eventually.Holds("that it works again is logged", () => logs.Of(WrittenAgain).Count == 1);
    }

    [Fact]
    public async Task A_disk_that_stays_full_costs_bounded_memory_and_the_gap_can_be_seen()
    {
        logs.Expect(NotWritten);
        var blocked = Directory.CreateDirectory(Path.Combine(folder.Path, "audit", "000000000001.jsonl"));
        await using var trail = await OpenAsync();
        trail.Record(Boss, "stop", "first");
        await trail.FlushAsync(CancellationToken.None);

        for (var i = 0; i < AuditTrail.MostWaiting + 99; i++)
            trail.Record(Boss, "stop", "arm");
        blocked.Delete();

        await Eventually.Holds("the newest are written", () => trail.ReadBackwards().FirstOrDefault()?.Seq == AuditTrail.MostWaiting + 100);
        Assert.Equal(AuditTrail.MostWaiting, trail.ReadBackwards().Count());
        Assert.Equal(101, trail.ReadBackwards().Last().Seq);
    }

    public void Dispose()
    {
        data.Dispose();
        folder.Dispose();
        logs.Dispose();
    }

    private string[] Lines() => [.. Directory.GetFiles(Path.Combine(folder.Path, "audit")).SelectMany(File.ReadAllLines)];

    private async Task<AuditTrail> OpenAsync()
    {
        var trail = new AuditTrail(data, new AuditSize(), TimeProvider.System, logs.For<AuditTrail>());
        await trail.StartAsync(CancellationToken.None);
        return trail;
    }
}
