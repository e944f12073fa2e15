using Armada.Grains.Storage;
using Armada.Testing;

namespace Armada.Tests.Storage.Audit;

/// <summary>A store whose log is empty at the beginning of each test.</summary>
public interface IAuditStoreUnderTest
{
    /// <summary>The log as one silo sees it; others see the same.</summary>
    IAuditStore Open(AuditRetention retention, TimeProvider time);

    /// <summary>Ends what keeps the log, and starts it again.</summary>
    Task RestartAsync();
}

/// <summary>What every audit store does.</summary>
public abstract class AuditStoreConformance : IAsyncLifetime
{
    private readonly HandTime time = new();
    private IAuditStoreUnderTest under = null!;

    public async Task InitializeAsync() => under = await MakeAsync();

    public async Task DisposeAsync()
    {
        switch (under)
        {
            case IAsyncDisposable disposable:
                await disposable.DisposeAsync();
                break;
        }
    }

    protected abstract Task<IAuditStoreUnderTest> MakeAsync();

    [Fact]
    public async Task Records_come_back_as_they_were_the_newest_first_with_rising_numbers()
    {
        var store = Open();
        AuditEntry[] entries =
        [
            new(time.GetUtcNow(), "ann", "Operator", "10.0.0.1", "master-bound", "robot-1", "leader-1"),
            new(time.GetUtcNow().AddTicks(10), "oidc:ü🦾", "Admin", "::1", "key-made", "bob"),
            new(time.GetUtcNow().AddHours(-1), "silo", "Admin", "", "robot-removed", "", ""),
        ];

        await store.AppendAsync(entries);
        await store.AppendAsync([Entry("last")]);

        var read = await store.ReadAsync(new AuditQuery());
        Assert.Equal(["robot-removed", "key-made", "master-bound"], read.Skip(1).Select(record => record.Entry.What));
        Assert.Equal(entries.Reverse(), read.Skip(1).Select(record => record.Entry));
        Assert.All(read, record => Assert.Equal((1, record.Entry.At), (record.Count, record.LastAt)));
        Assert.Equal(read.Select(record => record.Seq).OrderDescending(), read.Select(record => record.Seq));
        Assert.Equal(4, read.Select(record => record.Seq).Distinct().Count());
    }

    [Fact]
    public async Task Pages_hold_every_record_once()
    {
        var store = Open();
        await store.AppendAsync(Entries(95, index => Entry(index % 3 == 0 ? "stop" : "robot-changed", $"robot-{index}")));

        var pages = await PagesAsync(store, new AuditQuery { Limit = 10 });

        Assert.Equal([10, 10, 10, 10, 10, 10, 10, 10, 10, 5, 0], pages.Select(page => page.Count));
        Assert.Equal(
            Enumerable.Range(0, 95).Reverse().Select(index => $"robot-{index}"),
            pages.SelectMany(page => page).Select(record => record.Entry.Subject));
    }

    [Fact]
    public async Task Filters_by_subject_and_kind_go_over_all_pages()
    {
        var store = Open();
        await store.AppendAsync(Entries(1500, index => Entry(index % 2 == 0 ? "reset" : "slave-bound", $"robot-{index % 7}", $"{index}")));

        async Task<int[]> DetailsAsync(AuditQuery query) =>
            [.. (await PagesAsync(store, query)).SelectMany(page => page).Select(record => int.Parse(record.Entry.Detail!, null))];

        int[] all = [.. Enumerable.Range(0, 1500).Reverse()];
        Assert.Equal(all.Where(index => index % 7 == 3), await DetailsAsync(new AuditQuery { Subject = "robot-3", Limit = 20 }));
        Assert.Equal(all.Where(index => index % 2 == 0), await DetailsAsync(new AuditQuery { What = "reset", Limit = 1000 }));
        Assert.Equal(
            all.Where(index => index % 14 == 3),
            await DetailsAsync(new AuditQuery { Subject = "robot-3", What = "slave-bound", Limit = 7 }));
        Assert.Empty(await DetailsAsync(new AuditQuery { Subject = "robot" }));
        Assert.Empty(await DetailsAsync(new AuditQuery { What = "RESET" }));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1001)]
    public Task A_page_has_1_to_1000_records(int limit) =>
        Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Open().ReadAsync(new AuditQuery { Limit = limit }));

    [Fact]
    public async Task Long_texts_are_cut_and_found_by_the_whole_text()
    {
        var store = Open();
        var subject = new string('x', 600);
        await store.AppendAsync([Entry("robot-made", subject, subject), Entry("stop", "a\0b")]);

        var found = Assert.Single(await store.ReadAsync(new AuditQuery { Subject = subject }));

        Assert.Equal((500, 500), (found.Entry.Subject.Length, found.Entry.Detail!.Length));
        Assert.Single(await store.ReadAsync(new AuditQuery { Subject = "a\0b" }));
    }

    [Fact]
    public async Task All_silos_append_to_one_log_and_each_number_is_given_once()
    {
        var silos = Enumerable.Range(0, 3).Select(_ => Open()).ToArray();

        await Task.WhenAll(silos.SelectMany((silo, index) => Enumerable.Range(0, 50).Select(round => Task.Run(
            () => silo.AppendAsync([Entry("robot-changed", $"{index}-{round}"), Entry("stop", $"{index}-{round}")])))));

        var read = await silos[0].ReadAsync(new AuditQuery { Limit = 1000 });
        Assert.Equal(300, read.Select(record => record.Seq).Distinct().Count());
        Assert.Equal(read, await silos[2].ReadAsync(new AuditQuery { Limit = 1000 }));
    }

    [Fact]
    public async Task Everything_acknowledged_is_there_after_a_restart_and_the_numbers_go_on()
    {
        await Open().AppendAsync([Entry("robot-made"), Entry("stop")]);
        var before = await Open().ReadAsync(new AuditQuery());

        await under.RestartAsync();
        await Open().AppendAsync([Entry("robot-removed")]);

        var after = await Open().ReadAsync(new AuditQuery());
        Assert.Equal(before, after.Skip(1));
        Assert.True(after[0].Seq > before[0].Seq);
    }

    [Fact]
    public async Task Equal_stops_of_a_moment_are_one_record_with_their_count_and_last_time()
    {
        var store = Open();
        var first = time.GetUtcNow();
        await store.AppendAsync([Entry("stop"), Entry("robot-changed"), Entry("stop")]);
        time.Advance(TimeSpan.FromSeconds(9));
        await store.AppendAsync([Entry("reset"), Entry("stop")]);

        var read = await store.ReadAsync(new AuditQuery());

        Assert.Equal(["reset", "robot-changed", "stop"], read.Select(record => record.Entry.What));
        Assert.Equal((3, first, first.AddSeconds(9)), (read[2].Count, read[2].Entry.At, read[2].LastAt));
        Assert.Equal(1, read[0].Count);
    }

    [Fact]
    public async Task Stops_that_differ_in_anything_or_lie_apart_are_records_of_their_own()
    {
        var store = Open();
        var stop = new AuditEntry(time.GetUtcNow(), "ann", "Operator", "10.0.0.1", "stop", "robot-1", null);
        await store.AppendAsync(
        [
            stop,
            stop with { Who = "bob" },
            stop with { Role = "Admin" },
            stop with { From = "10.0.0.2" },
            stop with { What = "reset" },
            stop with { Subject = "robot-2" },
            stop with { Detail = "" },
            stop with { At = stop.At.AddSeconds(-11) },
            stop with { At = stop.At.AddSeconds(10.000001) },
            stop with { What = "robot-changed" },
            stop with { What = "robot-changed" },
        ]);
        Assert.Equal(11, (await store.ReadAsync(new AuditQuery())).Count);
    }

    [Fact]
    public async Task A_flood_of_equal_stops_leaves_a_record_every_five_minutes()
    {
        var store = Open();
        for (var minute = 0; minute < 20; minute++)
        {
            await store.AppendAsync(Entries(60, second => Entry("stop") with { At = time.GetUtcNow().AddSeconds(second) }));
            time.Advance(TimeSpan.FromMinutes(1));
        }

        var read = await store.ReadAsync(new AuditQuery());

        Assert.Equal([297, 301, 301, 301], read.Select(record => (int)record.Count));
        Assert.All(read.Skip(1), record => Assert.Equal(TimeSpan.FromMinutes(5), record.LastAt - record.Entry.At));
    }

    [Fact]
    public async Task A_hundred_thousand_equal_stops_and_resets_by_one_actor_leave_every_earlier_record_in_place()
    {
        var store = Open();
        await AppendEarlierAsync(store);
        var earlier = await store.ReadAsync(new AuditQuery { Limit = 1000 });

        for (var batch = 0; batch < 200; batch++)
        {
            await store.AppendAsync(Entries(
                500, index => Entry(index % 2 == 0 ? "stop" : "reset", $"robot-{index % 10}") with { Who = "mallory" }));
            time.Advance(TimeSpan.FromSeconds(1));
        }

        var after = await store.ReadAsync(new AuditQuery { Limit = 1000 });
        Assert.Equal(10 + earlier.Count, after.Count);
        Assert.Equal(100_000, after.Take(10).Sum(record => record.Count));
        Assert.Equal(earlier, after.Skip(10));
    }

    [Fact]
    public async Task A_hundred_thousand_different_stops_by_one_actor_leave_every_earlier_record_of_others_in_place()
    {
        var store = Open();
        await AppendEarlierAsync(store);
        var earlier = await store.ReadAsync(new AuditQuery { Limit = 1000 });

        for (var batch = 0; batch < 200; batch++)
            await store.AppendAsync(Entries(500, index => Entry("fleet-stop", $"room-{batch}-{index}") with { Who = "mallory" }));

        var all = (await PagesAsync(store, new AuditQuery { Limit = 1000 })).SelectMany(page => page).ToList();
        Assert.Equal(2_000, all.Count(record => record.Entry.What == "fleet-stop"));
        Assert.Equal("room-199-499", all[0].Entry.Subject);
        Assert.Equal(earlier, all.Skip(2_000));
    }

    [Fact]
    public async Task Records_push_out_the_oldest_of_their_own_kind_alone()
    {
        // 100 bytes each: 20 of the one kind, and 10 of the other.
        var store = Open(new AuditRetention { MaxBytes = 2_000, MaxStopBytes = 1_000 });
        AuditEntry Sized(string what, int index) =>
            new(time.GetUtcNow(), "ann", "Operator", "", what, $"{index:00000}", new string('x', 20 - what.Length));

        await store.AppendAsync(Entries(10, index => Sized("stop", index)));
        await store.AppendAsync(Entries(5_000, index => Sized("robot-changed", index)));
        await AppendUntilTrimmedAsync(store);
        var stops = await store.ReadAsync(new AuditQuery { What = "stop", Limit = 1000 });
        Assert.Equal(10, stops.Count);
        var others = await store.ReadAsync(new AuditQuery { What = "robot-changed", Limit = 1000 });
        Assert.Equal(SubjectsDownFrom(4_999, 20), others.Select(record => record.Entry.Subject));

        await store.AppendAsync(Entries(500, index => Sized("stop", index + 10)));
        await AppendUntilTrimmedAsync(store);
        Assert.Equal(others, await store.ReadAsync(new AuditQuery { What = "robot-changed", Limit = 1000 }));
        stops = await store.ReadAsync(new AuditQuery { What = "stop", Limit = 1000 });
        Assert.Equal(SubjectsDownFrom(509, 10), stops.Select(record => record.Entry.Subject));
    }

    [Fact]
    public async Task Too_old_records_are_neither_shown_nor_kept_and_their_numbers_are_not_used_again()
    {
        var store = Open(new AuditRetention { MaxAge = TimeSpan.FromDays(30) });
        await store.AppendAsync([Entry("robot-made"), Entry("stop")]);
        var last = (await store.ReadAsync(new AuditQuery()))[0].Seq;
        time.Advance(TimeSpan.FromDays(30));
        Assert.Equal(2, (await store.ReadAsync(new AuditQuery())).Count);

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(await store.ReadAsync(new AuditQuery()));
        await store.AppendAsync([]);

        Assert.Empty(await Open().ReadAsync(new AuditQuery()));
        await store.AppendAsync([Entry("robot-made")]);
        Assert.Equal(last + 1, Assert.Single(await store.ReadAsync(new AuditQuery())).Seq);
    }

    private static async Task<List<IReadOnlyList<StoredAuditEntry>>> PagesAsync(IAuditStore store, AuditQuery query)
    {
        var pages = new List<IReadOnlyList<StoredAuditEntry>>();
        do
        {
            pages.Add(await store.ReadAsync(query));
            if (pages[^1].Count > 0)
                query = query with { Before = pages[^1][^1].Seq };
        }
        while (pages[^1].Count > 0);
        return pages;
    }

    // What is removed at once is bounded.
    private static async Task AppendUntilTrimmedAsync(IAuditStore store)
    {
        for (var round = 0; round < 5; round++)
            await store.AppendAsync([]);
    }

    private static AuditEntry[] Entries(int count, Func<int, AuditEntry> entry) => [.. Enumerable.Range(0, count).Select(entry)];

    private static IEnumerable<string> SubjectsDownFrom(int last, int count) =>
        Enumerable.Range(last + 1 - count, count).Reverse().Select(index => $"{index:00000}");

    private Task AppendEarlierAsync(IAuditStore store) => store.AppendAsync(
    [
        .. Entries(100, index => Entry("robot-changed", $"robot-{index}") with { Who = index % 2 == 0 ? "ann" : "mallory" }),
        .. Entries(100, index => Entry("stop", $"robot-{index}")),
        .. Entries(100, index => Entry("reset", $"robot-{index}") with { Who = "bob" }),
    ]);

    private AuditEntry Entry(string what, string subject = "robot-1", string? detail = null) =>
        new(time.GetUtcNow(), "ann", "Operator", "10.0.0.1", what, subject, detail);

    private IAuditStore Open(AuditRetention? retention = null) => under.Open(retention ?? new AuditRetention(), time);
}
