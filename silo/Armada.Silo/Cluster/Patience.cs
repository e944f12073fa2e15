namespace Armada.Silo.Cluster;

/// <summary>Waiting for a grain's answer no longer than somebody wants it.</summary>
internal static class Patience
{
    /// <summary>Waits for a call or for the cancellation; a call that is waited for no more may fail unheard.</summary>
    public static async Task<T> UntilAsync<T>(this Task<T> call, CancellationToken cancellation)
    {
        await ((Task)call).UntilAsync(cancellation);
        return await call;
    }

    /// <inheritdoc cref="UntilAsync{T}"/>
    public static async Task UntilAsync(this Task call, CancellationToken cancellation)
    {
        try
        {
            await call.WaitAsync(cancellation);
        }
        catch (OperationCanceledException) when (!call.IsCompleted)
        {
            _ = call.ContinueWith(
                static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw;
        }
    }
}
