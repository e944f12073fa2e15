using Amazon.IoT;
using Amazon.Runtime;

namespace Armada.Silo.AwsIot.Calls;

/// <summary>
/// Calls that belong together and share one patience: each waits for its turn, and is repeated with growing, jittered pauses while AWS
/// throttles, fails or is not reached.
/// </summary>
internal sealed class CallRun(AwsAccount account, bool isUrgent, CancellationToken cancellation)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private DateTimeOffset deadline = account.Time.GetUtcNow() + account.Settings.Patience;

    public AwsAccount Account => account;

    public int Doubts { get; private set; }

    /// <summary>Asks the registry.</summary>
    /// <exception cref="AmazonServiceException">AWS does not do it.</exception>
    public Task<TResponse> AskAsync<TResponse>(Func<AmazonIoTClient, CancellationToken, Task<TResponse>> call)
        where TResponse : AmazonWebServiceResponse => AskAsync(account.Client, call);

    public async Task<TResponse> AskAsync<TClient, TResponse>(TClient client, Func<TClient, CancellationToken, Task<TResponse>> call)
        where TResponse : AmazonWebServiceResponse
    {
        for (var pause = account.Settings.FirstPause; ; pause = Longer(pause))
        {
            if (!isUrgent)
                deadline += await account.RateOf(typeof(TResponse).Name).TakeAsync(cancellation); // To wait in the queue costs no patience.
            try
            {
                return await call(client, cancellation);
            }
            catch (Exception fault) when (!cancellation.IsCancellationRequested && CallFaults.IsPassing(fault) && MayPause(pause))
            {
                Doubts += CallFaults.IsDoubtful(fault) ? 1 : 0;
                await PauseAsync(pause);
            }
        }
    }

    /// <summary>As <see cref="AskAsync{TResponse}(Func{AmazonIoTClient, CancellationToken, Task{TResponse}})"/>, where one of these errors means that there is nothing to do.</summary>
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

    public async Task DetachedAsync<TResponse>(Func<AmazonIoTClient, CancellationToken, Task<TResponse>> call, string code)
        where TResponse : AmazonWebServiceResponse
    {
        for (var pause = account.Settings.FirstPause; ; pause = Longer(pause))
        {
            try
            {
                await TryAsync(call, CallFaults.NotFound);
                return;
            }
            catch (AmazonServiceException fault) when (fault.Is(code) && MayPause(pause))
            {
                await PauseAsync(pause);
            }
        }
    }

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;

    private bool MayPause(TimeSpan pause) => account.Time.GetUtcNow() + pause <= deadline;

    private Task PauseAsync(TimeSpan most) => Task.Delay(most * (0.5 + Random.Shared.NextDouble() / 2), account.Time, cancellation);
}
