using Armada.Grains.Storage;
using Armada.Silo.Access;
using Armada.Silo.Audit;
using Armada.Testing;
using Armada.Testing.Logging;

namespace Armada.Tests.Silo.Audit;

public sealed class AuditTrailTests : IDisposable
{
    private const int NotStored = 1550;
    private const int StoredAgain = 1551;
    private static readonly Caller Boss = new("boss", Role.Admin, "::1");

    private readonly ScriptedStore store = new();
    private readonly FailOnLoggedErrors logs = new();

    public void Dispose() => logs.Dispose();

    [Fact]
    public async Task What_was_flushed_is_stored()
    {
        var trail = await OpenAsync();
        for (var i = 1; i <= 50; i++)
        {
            trail.Record(Boss, "stop", $"arm-{i}");
            await trail.FlushAsync(CancellationToken.None);
            Assert.Equal(i, store.Subjects.Length);
        }

        await trail.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Records_of_many_threads_are_all_there_and_those_of_one_thread_in_their_order()
    {
        var trail = await OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++)
                trail.Record(Boss, "stop", $"{thread} {i}");
            await trail.FlushAsync(CancellationToken.None);
        })));

        Assert.Equal(4000, store.Subjects.Distinct().Count());
        foreach (var own in store.Subjects.Select(subject => subject.Split(' ')).GroupBy(parts => parts[0]))
            Assert.Equal(Enumerable.Range(0, 500), own.Select(parts => int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture)));
        await trail.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task An_orderly_end_stores_what_was_not_flushed()
    {
        var trail = await OpenAsync();
        trail.Record(Boss, "stop", "arm");

        await trail.StopAsync(CancellationToken.None);

        Assert.Equal(["arm"], store.Subjects);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_store_that_refuses_holds_nobody_up_and_what_waited_is_stored_later_and_once(bool isFault)
    {
        logs.Expect(NotStored);
        store.Refuses = isFault ? new InvalidOperationException("a fault of the store") : new StorageWriteException("the disk is full", new IOException());
        var trail = await OpenAsync();

        for (var i = 1; i <= 20; i++)
        {
            trail.Record(Boss, "stop", $"arm-{i}");
            await Eventually.Happens("the flush ends although the store refuses", trail.FlushAsync(CancellationToken.None));
        }

        Assert.Single(logs.Of(NotStored));
        store.Refuses = null;
        await Eventually.Holds("that it works again is logged", () => logs.Of(StoredAgain).Count == 1);
        Assert.Equal(Enumerable.Range(1, 20).Select(i => $"arm-{i}"), store.Subjects);
        await trail.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_store_that_goes_on_refusing_costs_bounded_memory_and_the_oldest_records()
    {
        logs.Expect(NotStored);
        store.Refuses = new StorageWriteException("the disk is full", new IOException());
        var trail = await OpenAsync();

        for (var i = 1; i <= AuditTrail.MaxWaiting + 100; i++)
            trail.Record(Boss, "stop", $"{i}");
        store.Refuses = null;
        await Eventually.Holds("the newest are stored", () => store.Subjects.LastOrDefault() == $"{AuditTrail.MaxWaiting + 100}");

        Assert.InRange(store.Subjects.Length, AuditTrail.MaxWaiting, AuditTrail.MaxWaiting + 100);
        await trail.StopAsync(CancellationToken.None);
    }

    private async Task<AuditTrail> OpenAsync()
    {
        var trail = new AuditTrail(store, TimeProvider.System, logs.For<AuditTrail>());
        await trail.StartAsync(CancellationToken.None);
        return trail;
    }

    private sealed class ScriptedStore : IAuditStore
    {
        private readonly Lock sync = new();
        private readonly List<AuditEntry> entries = [];

        public volatile Exception? Refuses;

        public string[] Subjects
        {
            get
            {
                lock (sync)
                    return [.. entries.Select(entry => entry.Subject)];
            }
        }

        public Task AppendAsync(IReadOnlyList<AuditEntry> added, CancellationToken cancellation = default)
        {
            if (Refuses is { } refused)
                return Task.FromException(refused);
            lock (sync)
                entries.AddRange(added);
            return Task.CompletedTask;
        }

        public Task<IReadOnlyList<StoredAuditEntry>> ReadAsync(AuditQuery query, CancellationToken cancellation = default) => throw new NotSupportedException();
    }
}
