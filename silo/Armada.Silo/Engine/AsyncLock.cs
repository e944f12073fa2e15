namespace Armada.Silo.Engine;

/// <summary>A semaphore of one, held for a block.</summary>
internal static class AsyncLock
{
    /// <summary>Waits for the gate; disposing the result opens it again.</summary>
    public static async ValueTask<Pass> EnterAsync(this SemaphoreSlim gate, CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        return new Pass(gate);
    }

    /// <summary>The right to be inside.</summary>
    internal readonly struct Pass(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
