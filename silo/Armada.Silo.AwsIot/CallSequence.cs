using Amazon.IoT;
using Amazon.Runtime;

namespace Armada.Silo.AwsIot;

/// <summary>
/// Calls that belong together and share one time limit for retries: each keeps to its operation's rate, and is retried with growing,
/// jittered pauses while AWS throttles, fails or cannot be reached.
/// </summary>
internal sealed class CallSequence(AwsAccount account, bool isUrgent, CancellationToken cancellation)
{
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(5);

    private DateTimeOffset deadline = account.Time.GetUtcNow() + account.Settings.RetryFor;

    public AwsAccount Account => account;
    public int AmbiguousFailures { get; private set; }

    /// <exception cref="AmazonServiceException">AWS refused.</exception>
    public Task<TResponse> AskAsync<TResponse>(Func<AmazonIoTClient, CancellationToken, Task<TResponse>> call)
        where TResponse : AmazonWebServiceResponse => AskAsync(account.Client, call);

    public async Task<TResponse> AskAsync<TClient, TResponse>(TClient client, Func<TClient, CancellationToken, Task<TResponse>> call)
        where TResponse : AmazonWebServiceResponse
    {
        for (var pause = account.Settings.MinRetryDelay; ; pause = NextDelay(pause))
        {
            if (!isUrgent)
                deadline += await account.RateOf(typeof(TResponse).Name).AcquireAsync(cancellation); // Queueing does not shorten the retries.
            try
            {
                return await call(client, cancellation);
            }
            catch (Exception fault) when (!cancellation.IsCancellationRequested && CallErrors.IsTransient(fault) && MayRetryAfter(pause))
            {
                AmbiguousFailures += CallErrors.IsAmbiguous(fault) ? 1 : 0;
                await DelayAsync(pause);
            }
        }
    }

    /// <summary>Null if AWS answers with this error.</summary>
    public async Task<TResponse?> TryAsync<TResponse>(Func<AmazonIoTClient, CancellationToken, Task<TResponse>> call, string code)
        where TResponse : AmazonWebServiceResponse
    {
        try
        {
            return await AskAsync(call);
        }
        catch (AmazonServiceException fault) when (fault.Is(code))
        {
            return null;
        }
    }

    public async Task RetryWhileAttachedAsync<TResponse>(Func<AmazonIoTClient, CancellationToken, Task<TResponse>> call, string code)
        where TResponse : AmazonWebServiceResponse
    {
        for (var pause = account.Settings.MinRetryDelay; ; pause = NextDelay(pause))
        {
            try
            {
                await TryAsync(call, CallErrors.NotFound);
                return;
            }
            catch (AmazonServiceException fault) when (fault.Is(code) && MayRetryAfter(pause))
            {
                await DelayAsync(pause);
            }
        }
    }

    private static TimeSpan NextDelay(TimeSpan pause) => pause * 2 < MaxRetryDelay ? pause * 2 : MaxRetryDelay;

    private bool MayRetryAfter(TimeSpan pause) => account.Time.GetUtcNow() + pause <= deadline;

    private Task DelayAsync(TimeSpan most) => Task.Delay(most * (0.5 + Random.Shared.NextDouble() / 2), account.Time, cancellation);
}
