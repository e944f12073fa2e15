using System.Net.Sockets;
using Armada.Core.Engine;

namespace Armada.Silo.Engine;

/// <summary>Calls to grains that may fail on their way.</summary>
internal static class GrainCalls
{
    /// <summary>Whether a call failed on its way, at its end's start, or for want of an answer; nothing of it is the caller's fault.</summary>
    public static bool IsTransient(Exception fault) =>
        fault is OrleansException or TimeoutException or IOException or SocketException or ObjectDisposedException
        || fault.GetType().Namespace?.StartsWith("Orleans", StringComparison.Ordinal) == true;

    /// <param name="callee">What is asked, for the message.</param>
    /// <param name="cancellation">Ends the wait, not the call.</param>
    /// <exception cref="EngineUnreachableException">There is no answer; the call may have been executed.</exception>
    public static async Task<T> AnswerAsync<T>(this Task<T> call, string callee, CancellationToken cancellation)
    {
        await ((Task)call).AnswerAsync(callee, cancellation);
        return await call;
    }

    /// <inheritdoc cref="AnswerAsync{T}(Task{T}, string, CancellationToken)"/>
    public static async Task AnswerAsync(this Task call, string callee, CancellationToken cancellation)
    {
        try
        {
            await call.Within(Timeout.InfiniteTimeSpan, cancellation);
        }
        catch (Exception fault) when (IsTransient(fault))
        {
            throw new EngineUnreachableException(
                $"{callee} cannot be reached, so it is not known whether this was done; its silo may have ended: ask again in a few seconds", fault);
        }
    }

    /// <summary>Waits for a call no longer than it may take; one that is abandoned may fail unobserved.</summary>
    /// <exception cref="TimeoutException">It took too long.</exception>
    public static async Task Within(this Task call, TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            await call.WaitAsync(limit, cancellation);
        }
        finally
        {
            if (!call.IsCompletedSuccessfully)
                _ = call.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }
}
