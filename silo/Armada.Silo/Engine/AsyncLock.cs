namespace Armada.Silo.Engine;

/// <summary>A semaphore of one, held for a block.</summary>
internal static class AsyncLock
{
    /// <summary>Disposing the result releases it.</summary>
    public static async ValueTask<Held> EnterAsync(this SemaphoreSlim semaphore, CancellationToken cancellation)
    {
        await semaphore.WaitAsync(cancellation);
        return new Held(semaphore);
    }

    internal readonly struct Held(SemaphoreSlim semaphore) : IDisposable
    {
        public void Dispose() => semaphore.Release();
    }
}
