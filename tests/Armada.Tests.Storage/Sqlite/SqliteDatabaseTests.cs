using Armada.Grains.Storage;
using Armada.Testing;
using Armada.Tests.Storage.Support;
using Orleans.Storage;

namespace Armada.Tests.Storage.Sqlite;

public sealed class SqliteDatabaseTests
{
    [Fact]
    public async Task Every_commit_is_flushed_to_the_disk()
    {
        await using var file = await SqliteFile.OpenedAsync();
        Assert.Equal(("wal", 2), await file.Database.WriteAsync(
            session => ((string)session.Scalar("PRAGMA journal_mode")!, (int)session.Number("PRAGMA synchronous"))));
    }

    [Fact]
    public async Task Writes_run_one_after_another_on_one_thread_that_is_not_the_pools()
    {
        await using var file = await SqliteFile.OpenedAsync();
        var running = 0;

        var threads = await Task.WhenAll(Enumerable.Range(0, 200).Select(index => Task.Run(() => file.Database.WriteAsync(_ =>
        {
            Assert.Equal(1, Interlocked.Increment(ref running));
            Interlocked.Decrement(ref running);
            return (Environment.CurrentManagedThreadId, Thread.CurrentThread.IsThreadPoolThread);
        }))));

        Assert.False(Assert.Single(threads.Distinct()).IsThreadPoolThread);
    }

    [Fact]
    public async Task A_write_that_throws_leaves_nothing_and_fails_no_other()
    {
        await using var file = await SqliteFile.OpenedAsync();
        using var blocked = new ManualResetEventSlim();
        var blocking = file.Database.WriteAsync(_ => blocked.Wait(TimeSpan.FromSeconds(30)));
        var writes = Enumerable.Range(0, 10).Select(index => file.Database.WriteAsync(session =>
        {
            session.Execute(
                """
                INSERT INTO set_aside (at, reason, service, grain_type, grain_key, state_name, etag, data, checksum)
                VALUES ($at, '', '', '', '', '', '', x'', 0)
                """,
                ("$at", index));
            return index == 5 ? throw new InvalidOperationException("of its own") : index;
        })).ToList();
        blocked.Set();
        await Eventually.Happens("the first write ends", blocking);

        Assert.Equal("of its own", (await Assert.ThrowsAsync<InvalidOperationException>(() => writes[5])).Message);
        writes.RemoveAt(5);
        var results = await Task.WhenAll(writes);
        Assert.Equal([0, 1, 2, 3, 4, 6, 7, 8, 9], results);
        Assert.Equal(9, file.Sql<long>("SELECT COUNT(*) FROM set_aside"));
        Assert.Equal(0, file.Sql<long>("SELECT COUNT(*) FROM set_aside WHERE at = 5"));
    }

    [Fact]
    public async Task Closing_ends_what_was_queued_and_refuses_what_comes_later()
    {
        await using var file = await SqliteFile.OpenedAsync();
        var database = file.Database;
        var writes = Enumerable.Range(0, 1000).Select(index => database.WriteAsync(_ => index)).ToList();

        await file.CloseAsync();

        Assert.Equal(Enumerable.Range(0, 1000), await Task.WhenAll(writes));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => database.WriteAsync(_ => 0));
        Assert.Throws<InvalidOperationException>(() => database.Read(_ => 0));
        Assert.Equal([file.Path], Directory.GetFiles(Path.GetDirectoryName(file.Path)!)); // Neither a log nor anything else is left.
    }

    [Fact]
    public async Task Nobody_queues_without_end_for_a_disk_that_does_not_answer()
    {
        await using var file = await SqliteFile.OpenedAsync();
        using var blocked = new ManualResetEventSlim();
        var blocking = file.Database.WriteAsync(_ => blocked.Wait(TimeSpan.FromSeconds(30)));
        var writes = new List<Task<int>>();
        while (writes.Count < 20_000 && writes is not [.., { IsFaulted: true }])
            writes.Add(file.Database.WriteAsync(_ => 1));

        var refused = await Assert.ThrowsAsync<StorageWriteException>(() => writes[^1]);

        Assert.EndsWith("10000 writes are waiting; check whether the disk answers", refused.Message, StringComparison.Ordinal);
        blocked.Set();
        await Eventually.Happens("what was queued is written", Task.WhenAll([blocking, .. writes.SkipLast(1)]), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task The_file_is_for_its_owner_alone()
    {
        await using var file = await SqliteFile.OpenedAsync();
        Assert.All(
            Directory.GetFiles(Path.GetDirectoryName(file.Path)!),
            path => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path)));
    }

    [Fact]
    public async Task Two_processes_may_have_the_file_and_see_each_others_writes()
    {
        await using var file = await SqliteFile.OpenedAsync();
        await using var other = SqliteFile.New(file.Path);
        await other.OpenAsync();
        var state = new GrainState<ArmState>(ArmState.Of(1));
        await file.Grains.WriteStateAsync("arm", OrleansParts.Arm("0"), state);
        var grains = SqliteFile.GrainsOf(other);

        var read = new GrainState<ArmState>();
        await grains.ReadStateAsync("arm", OrleansParts.Arm("0"), read);
        await grains.WriteStateAsync("arm", OrleansParts.Arm("0"), read);

        await Assert.ThrowsAsync<InconsistentStateException>(() => file.Grains.WriteStateAsync("arm", OrleansParts.Arm("0"), state));
    }
}
