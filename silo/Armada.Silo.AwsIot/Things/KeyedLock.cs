namespace Armada.Silo.AwsIot.Things;

/// <summary>One call at a time for each name. Some names share a turn.</summary>
internal sealed class KeyedLock
{
    private readonly SemaphoreSlim[] turns = [.. Enumerable.Range(0, 256).Select(_ => new SemaphoreSlim(1, 1))];

    /// <summary>Waits for a name's turn; it ends when the result is disposed.</summary>
    public async Task<Turn> TakeAsync(string name, CancellationToken cancellation)
    {
        var turn = turns[(int)((uint)string.GetHashCode(name, StringComparison.Ordinal) % (uint)turns.Length)];
        await turn.WaitAsync(cancellation);
        return new Turn(turn);
    }

    /// <summary>A turn that is taken.</summary>
    internal readonly struct Turn(SemaphoreSlim turn) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => turn.Release();
    }
}
