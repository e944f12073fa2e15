using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using static System.FormattableString;

namespace Armada.Grains.Storage;

public sealed record SqliteDatabaseOptions
{
    /// <summary>The file, in a folder that exists, on a local disk: the log needs shared memory, which network file systems lack.</summary>
    public required string Path { get; init; }

    /// <summary>How long a lock of another process is waited for, whole seconds and at least one; 5 s.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>
/// The one SQLite file with everything that survives. Writes are queued to a thread of their own, which commits what waits as one
/// transaction and acknowledges each write after the disk has it (WAL, synchronous=FULL). Reads run on the caller's thread, on
/// connections that cannot write, and see every acknowledged write. All members may be called from any thread.
/// </summary>
/// <remarks>
/// As a hosted service it is to be registered before whatever uses it (<see cref="StorageHosting.AddSqliteDatabase"/>), so that it
/// opens first and closes last.
/// </remarks>
public sealed partial class SqliteDatabase(SqliteDatabaseOptions options, ILogger<SqliteDatabase> logger) : IHostedService, IAsyncDisposable
{
    private const int MaxBatch = 256;
    private const int MaxWaiting = 10_000;
    private const int MaxIdleReaders = 8;

    private readonly BlockingCollection<WriteJob> queue = [];
    private readonly ConcurrentBag<SqliteSession> readers = [];
    private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? writeFailure;
    private volatile bool isOpen;
    private int started;
    private int disposed;

    /// <summary>
    /// Why the last write failed; null while writes succeed. For health reports: do not refuse a write because of it, for only a write
    /// that succeeds clears it.
    /// </summary>
    public string? WriteFailure => writeFailure;

    /// <summary>Opens the file, creates it where it is missing, and brings an older one to this release's schema.</summary>
    /// <exception cref="StorageUnusableException">It cannot be used; the message says why and what helps. Nothing was changed.</exception>
    public Task OpenAsync()
    {
        if (Interlocked.Exchange(ref started, 1) == 0)
            new Thread(Run) { IsBackground = true, Name = "SQLite writer" }.Start();
        return opened.Task;
    }

    /// <summary>Runs a write in a transaction of this or more writes; ends when the disk has it.</summary>
    /// <param name="write">Called on the writer's thread, once or more; must have no effect but in the database and its result.</param>
    /// <exception cref="StorageWriteException">Nothing was stored.</exception>
    internal Task<T> WriteAsync<T>(Func<SqliteSession, T> write)
    {
        ObjectDisposedException.ThrowIf(disposed != 0 || queue.IsAddingCompleted, this);
        if (started == 0)
            throw new InvalidOperationException("the database was not opened");
        if (queue.Count >= MaxWaiting)
        {
            return Task.FromException<T>(new StorageWriteException(
                $"database '{options.Path}' could not be written: {MaxWaiting} writes are waiting; check whether the disk answers"));
        }

        var job = new WriteJob<T>(write);
        try
        {
            queue.Add(job);
        }
        catch (InvalidOperationException) when (queue.IsAddingCompleted)
        {
            throw new ObjectDisposedException(nameof(SqliteDatabase));
        }

        return job.Done;
    }

    /// <summary>Reads one consistent state, on the caller's thread.</summary>
    /// <exception cref="StorageReadException">The file cannot be read now.</exception>
    internal T Read<T>(Func<SqliteSession, T> read)
    {
        if (!isOpen)
            throw new InvalidOperationException("the database is not open; it is from the start of the host to its end");
        SqliteSession? session = null;
        try
        {
            if (!readers.TryTake(out session))
                session = new SqliteSession(options.Path, SqliteOpenMode.ReadOnly, options.LockTimeout);
            var result = read(session);
            if (isOpen && readers.Count < MaxIdleReaders)
            {
                readers.Add(session);
                session = null;
                if (!isOpen)
                    DropReaders();
            }

            return result;
        }
        catch (SqliteException error)
        {
            throw new StorageReadException(SqliteFailure.Explain(options.Path, "could not be read", error), error);
        }
        finally
        {
            session?.Dispose();
        }
    }

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => OpenAsync();

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => CloseAsync().WaitAsync(cancellationToken);

    /// <summary>Ends what is queued, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        if (Interlocked.Exchange(ref disposed, 1) == 0) // A host disposes a service once for each way in which it is registered.
            queue.Dispose();
    }

    private Task CloseAsync()
    {
        if (disposed == 0)
            queue.CompleteAdding();
        if (Interlocked.Exchange(ref started, 1) == 0)
            closed.TrySetResult(); // It was never opened.
        return closed.Task;
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The opener gets it.")]
    private void Run()
    {
        SqliteSession? session = null;
        try
        {
            session = Open();
            isOpen = true;
            opened.SetResult();
            var batch = new List<WriteJob>(MaxBatch);
            foreach (var first in queue.GetConsumingEnumerable())
            {
                batch.Add(first);
                while (batch.Count < MaxBatch && queue.TryTake(out var next))
                    batch.Add(next);
                Commit(session, batch);
                batch.Clear();
            }
        }
        catch (Exception refused) when (session is null)
        {
            queue.CompleteAdding();
            foreach (var waiting in queue.GetConsumingEnumerable())
                waiting.Fail(refused);
            opened.SetException(refused);
        }
        finally
        {
            isOpen = false;
            DropReaders();
            session?.Dispose(); // The last connection moves the log into the file.
            closed.SetResult();
        }
    }

    private void DropReaders()
    {
        while (readers.TryTake(out var reader))
            reader.Dispose();
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The writer gets it.")]
    private void Commit(SqliteSession session, List<WriteJob> jobs)
    {
        var begun = false;
        try
        {
            session.Execute("BEGIN IMMEDIATE");
            begun = true;
            foreach (var job in jobs)
                job.Run(session);
            session.Execute("COMMIT");
        }
        catch (Exception error)
        {
            RollBack(session);
            if (begun && jobs.Count > 1)
            {
                // One of them, or their sum, was too much: the others must not suffer for it.
                foreach (var job in jobs)
                    Commit(session, [job]);
                return;
            }

            Fail(jobs, error);
            return;
        }

        if (writeFailure is not null)
            LogWritesAgain(options.Path);
        writeFailure = null;
        foreach (var job in jobs)
            job.Succeed();
    }

    private void Fail(List<WriteJob> jobs, Exception error)
    {
        if (error is SqliteException refused)
        {
            error = new StorageWriteException(SqliteFailure.Explain(options.Path, "could not be written", refused), refused);
            if (writeFailure is null)
                LogNotWritten(error.Message);
            writeFailure = error.Message;
        }

        foreach (var job in jobs)
            job.Fail(error);
    }

    private static void RollBack(SqliteSession session)
    {
        if (session.IsAutocommit)
            return; // SQLite has done it, as it does when the disk is full.
        try
        {
            session.Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // The disk's error once more; the transaction is undone all the same.
        }
    }

    private SqliteSession Open()
    {
        SqliteSession? session = null;
        try
        {
            CreateFile();
            session = new SqliteSession(options.Path, SqliteOpenMode.ReadWrite, options.LockTimeout) { CheckpointsOnClose = false };
            session.ExecuteOnce(Invariant($"PRAGMA busy_timeout = {options.LockTimeout.TotalMilliseconds:0}"));
            CheckVersion(session);
            CheckTables(session);
            if (session.Scalar("PRAGMA journal_mode = WAL") as string != "wal")
                throw Unusable("is on a file system without shared memory, so that it cannot be used safely; put it on a local disk");
            session.ExecuteOnce(
                "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF");
            Migrate(session);
            session.CheckpointsOnClose = true;
            return session;
        }
        catch (SqliteException error)
        {
            session?.Dispose();
            throw new StorageUnusableException(SqliteFailure.Explain(options.Path, "cannot be used", error), error);
        }
        catch
        {
            session?.Dispose();
            throw;
        }
    }

    private void CreateFile()
    {
        if (File.Exists(options.Path))
            return;
        var create = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite; // Hashes of keys are in it. The log gets the same.
        try
        {
            new FileStream(options.Path, create).Dispose();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            if (!File.Exists(options.Path))
                throw Unusable($"cannot be created: {refused.Message} Check that its folder exists and can be written", refused);
        }
    }

    private void CheckVersion(SqliteSession session)
    {
        var owner = session.Number("PRAGMA application_id");
        var version = session.Number("PRAGMA user_version");
        var isNew = owner == 0 && version == 0 && session.Number("SELECT COUNT(*) FROM sqlite_schema") == 0;
        if (!isNew && owner != SqliteSchema.ApplicationId)
            throw Unusable("belongs to another program; name another file");
        if (version < 0)
            throw Unusable($"is damaged (schema version {version}); {SqliteFailure.Recover(options.Path)}");
        if (version > SqliteSchema.Current)
        {
            throw Unusable(
                $"has schema version {version}, and this release knows versions up to {SqliteSchema.Current}; "
                + "start the release that wrote it, or restore the backup from before that release");
        }
    }

    private void Migrate(SqliteSession session)
    {
        var version = -1L;
        do
        {
            session.Execute("BEGIN IMMEDIATE"); // Also where there is nothing to do: it proves that the file can be written.
            version = session.Number("PRAGMA user_version");
            if (version < SqliteSchema.Current)
            {
                session.ExecuteOnce(SqliteSchema.Migrations[version]);
                session.ExecuteOnce(Invariant($"PRAGMA application_id = {SqliteSchema.ApplicationId}"));
                session.ExecuteOnce(Invariant($"PRAGMA user_version = {version + 1}"));
                LogMigrated(options.Path, version, version + 1);
            }

            session.Execute("COMMIT");
        }
        while (version < SqliteSchema.Current - 1);
    }

    private void CheckTables(SqliteSession session)
    {
        if (session.Number("PRAGMA user_version") == 0)
            return; // It is new.
        foreach (var table in SqliteSchema.CheckedTables)
        {
            var found = session.Scalar("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $name", ("$name", table)) is null
                ? [$"table {table} is missing"]
                : session.Query($"PRAGMA integrity_check('{table}')", row => row.GetString(0));
            if (found is not ["ok"])
                throw Unusable($"is damaged ({found.FirstOrDefault()?.ReplaceLineEndings(" ")}); {SqliteFailure.Recover(options.Path)}");
        }
    }

    private StorageUnusableException Unusable(string reason, Exception? cause = null) => new($"database '{options.Path}' {reason}", cause);

    [LoggerMessage(2300, LogLevel.Information, "Database {Path} was brought from schema version {From} to {To}")]
    private partial void LogMigrated(string path, long from, long to);

    [LoggerMessage(2301, LogLevel.Error, "A write was not stored, and no other such failure is logged until one succeeds: {Reason}")]
    private partial void LogNotWritten(string reason);

    [LoggerMessage(2302, LogLevel.Information, "Database {Path} is written again")]
    private partial void LogWritesAgain(string path);

    /// <summary>One queued write; all members but <c>Done</c> are the writer thread's.</summary>
    private abstract class WriteJob
    {
        /// <summary>Does it, in a transaction that may still be undone.</summary>
        public abstract void Run(SqliteSession session);

        public abstract void Succeed();

        public abstract void Fail(Exception error);
    }

    private sealed class WriteJob<T>(Func<SqliteSession, T> write) : WriteJob
    {
        private readonly TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T result = default!;

        public Task<T> Done => done.Task;

        public override void Run(SqliteSession session) => result = write(session);

        public override void Succeed() => done.SetResult(result);

        public override void Fail(Exception error) => done.SetException(error);
    }
}
