using Armada.Grains.Storage;

namespace Armada.Silo.Audit;

/// <summary>The audit trail: records wait in memory for a moment and are stored together by one loop.</summary>
internal sealed partial class AuditTrail(IAuditStore store, TimeProvider time, ILogger<AuditTrail> logger) : IAuditTrail, IHostedService, IDisposable
{
    /// <summary>Records that wait for a store that refuses them; beyond that the oldest is lost, which is logged.</summary>
    public const int MaxWaiting = 10_000;

    private const int BatchSize = 200;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CleanupInterval = TimeSpan.FromHours(1); // An empty append removes what is too old.

    private readonly Lock sync = new();
    private readonly Queue<AuditEntry> waiting = new();
    private readonly SemaphoreSlim wake = new(0);
    private TaskCompletionSource nextAttempt = NewAttempt();
    private long settled; // Records that were stored or lost; the queue holds those after them.
    private long lost;
    private bool isClosing;
    private bool isFailing;
    private Task? loop;

    public void Record(Caller caller, string what, string subject, string? detail = null)
    {
        lock (sync)
        {
            if (waiting.Count == MaxWaiting)
            {
                waiting.Dequeue();
                settled++;
                lost++;
            }

            waiting.Enqueue(new AuditEntry(time.GetUtcNow(), caller.Name, KindNames.Of(caller.Role), caller.From, what, subject, detail));
        }

        Wake();
    }

    public async Task FlushAsync(CancellationToken cancellation)
    {
        Task attempt;
        lock (sync)
        {
            if (waiting.Count == 0 || loop is null)
                return;
            attempt = nextAttempt.Task; // The one that runs now may have begun before the last record.
        }

        Wake();
        await attempt.WaitAsync(cancellation);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        loop = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Stores what waits; a store that refuses it now is not asked again.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        lock (sync)
            isClosing = true;
        Wake();
        return loop?.WaitAsync(cancellationToken) ?? Task.CompletedTask;
    }

    public void Dispose() => wake.Dispose();

    private async Task RunAsync()
    {
        var pause = CleanupInterval;
        bool isLast;
        do
        {
            await wake.WaitAsync(pause);
            TaskCompletionSource attempt;
            lock (sync)
                (isLast, attempt, nextAttempt) = (isClosing, nextAttempt, NewAttempt());
            pause = await TryStoreAsync() ? CleanupInterval : RetryAfter;
            attempt.SetResult();
        }
        while (!isLast);
        nextAttempt.SetResult(); // For flushes that come too late.
    }

    private async Task<bool> TryStoreAsync()
    {
        try
        {
            long target;
            lock (sync)
                target = settled + waiting.Count;
            do
            {
                AuditEntry[] batch;
                long last;
                lock (sync)
                {
                    batch = [.. waiting.Take(BatchSize)];
                    last = settled + batch.Length;
                }

                await store.AppendAsync(batch, CancellationToken.None);
                lock (sync)
                {
                    for (; settled < last; settled++) // Some may have been lost meanwhile, to make room.
                        waiting.Dequeue();
                }
            }
            while (Interlocked.Read(ref settled) < target);
            if (isFailing)
                LogStoredAgain(Interlocked.Exchange(ref lost, 0));
            isFailing = false;
            return true;
        }
        catch (Exception refused) // Whatever it is, the loop goes on.
        {
            if (!isFailing)
                LogNotStored(waiting.Count, refused.Message);
            isFailing = true;
            return false;
        }
    }

    private static TaskCompletionSource NewAttempt() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Wake()
    {
        lock (sync)
        {
            if (wake.CurrentCount == 0)
                wake.Release();
        }
    }

    [LoggerMessage(1550, LogLevel.Error, "{Count} audit records cannot be stored and wait: {Reason}")]
    private partial void LogNotStored(int count, string reason);

    [LoggerMessage(1551, LogLevel.Information, "Audit records are stored again; {Lost} were lost, the oldest of those that waited")]
    private partial void LogStoredAgain(long lost);
}
