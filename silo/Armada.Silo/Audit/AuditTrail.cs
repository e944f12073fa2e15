using Armada.Silo.Access;
using Armada.Silo.Options;
using Armada.Silo.Store;

namespace Armada.Silo.Audit;

/// <summary>The audit trail: records wait in memory for a moment and are written together by one loop.</summary>
internal sealed partial class AuditTrail : IAuditTrail, IHostedService, IAsyncDisposable
{
    /// <summary>Most records that wait for a disk that refuses them; then the oldest is lost, and the gap in the numbers shows it.</summary>
    public const int MostWaiting = 10_000;

    private const int LongestText = 500;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly AuditFiles files;
    private readonly TimeProvider time;
    private readonly ILogger<AuditTrail> logger;
    private readonly Lock sync = new();
    private readonly Queue<AuditRecord> waiting = new();
    private readonly List<(long Seq, TaskCompletionSource Written)> flushes = [];
    private readonly SemaphoreSlim rung = new(0);
    private long nextSeq;
    private bool closing;
    private bool failing;
    private Task? loop;

    /// <summary>In the silo's folder.</summary>
    /// <exception cref="SiloOptionsException">It cannot be read.</exception>
    public AuditTrail(DataFolder data, AuditSize size, TimeProvider time, ILogger<AuditTrail> logger)
    {
        (this.time, this.logger) = (time, logger);
        try
        {
            files = new AuditFiles(data.Folder("audit"), size, logger);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new SiloOptionsException($"--data '{data.Path}': the audit trail cannot be opened: {refused.Message}", refused);
        }

        nextSeq = files.NextSeq;
    }

    /// <inheritdoc/>
    public void Record(Caller caller, string what, string subject, string? detail = null)
    {
        lock (sync)
        {
            if (waiting.Count == MostWaiting)
                waiting.Dequeue();
            waiting.Enqueue(new AuditRecord(
                nextSeq++, time.GetUtcNow(), Cut(caller.Name)!, caller.Role, caller.From, what, Cut(subject)!, Cut(detail)));
        }

        Ring();
    }

    /// <summary>Ends when everything recorded so far is durable, or when the disk has refused it.</summary>
    public async Task FlushAsync(CancellationToken cancellation)
    {
        TaskCompletionSource written;
        lock (sync)
        {
            if (waiting.Count == 0)
                return;
            flushes.Add((nextSeq - 1, written = new(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        Ring();
        await written.Task.WaitAsync(cancellation);
    }

    /// <summary>Records, the newest first.</summary>
    public IEnumerable<AuditRecord> ReadBackwards() => files.ReadBackwards();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        loop = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        lock (sync)
            closing = true;
        Ring();
        return loop ?? Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        files.Dispose();
    }

    private async Task RunAsync()
    {
        var retry = Timeout.InfiniteTimeSpan;
        bool last;
        do
        {
            await rung.WaitAsync(retry);
            lock (sync)
                last = closing;
            retry = TryWrite() ? Timeout.InfiniteTimeSpan : RetryAfter;
        }
        while (!last);
    }

    private bool TryWrite()
    {
        AuditRecord[] batch;
        lock (sync)
            batch = [.. waiting];
        try
        {
            if (batch.Length > 0)
                files.Append(batch);
            if (failing)
                LogWrittenAgain();
            failing = false;
            Done(batch, refused: false);
            return true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            if (!failing)
                LogNotWritten(batch.Length, refused.Message);
            failing = true;
            Done([], refused: true);
            return false;
        }
    }

    private void Done(AuditRecord[] written, bool refused)
    {
        lock (sync)
        {
            // Some may have been dropped meanwhile, to make room.
            while (written.Length > 0 && waiting.TryPeek(out var first) && first.Seq <= written[^1].Seq)
                waiting.Dequeue();
            foreach (var (_, flushed) in flushes.Where(flush => refused || flush.Seq < files.NextSeq))
                flushed.TrySetResult();
            flushes.RemoveAll(flush => flush.Written.Task.IsCompleted);
        }
    }

    private void Ring()
    {
        lock (sync)
        {
            if (rung.CurrentCount == 0)
                rung.Release();
        }
    }

    private static string? Cut(string? text) => text?.Length > LongestText ? text[..LongestText] : text;

    [LoggerMessage(1201, LogLevel.Error, "{Count} audit records cannot be written and wait: {Reason}")]
    private partial void LogNotWritten(int count, string reason);

    [LoggerMessage(1202, LogLevel.Information, "Audit records are written again")]
    private partial void LogWrittenAgain();
}
