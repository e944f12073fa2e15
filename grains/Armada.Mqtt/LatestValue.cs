namespace Armada.Mqtt;

/// <summary>Hands the newest sample from one thread to another: a newer one takes the place of one not yet taken.</summary>
/// <remarks>Bytes are copied in and out; nothing is allocated after the constructor. Any number of threads may look on.</remarks>
public sealed class LatestValue : IDisposable
{
    private readonly Lock gate = new();
    private readonly SemaphoreSlim arrived = new(0, 1);
    private readonly byte[] sample;
    private int length = -1;
    private long overwritten;

    /// <summary>Makes an empty slot.</summary>
    /// <param name="capacity">Most bytes of one sample.</param>
    public LatestValue(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        sample = new byte[capacity];
    }

    /// <summary>Most bytes of one sample.</summary>
    public int Capacity => sample.Length;

    /// <summary>Samples that a newer one replaced before they were taken.</summary>
    public long Overwritten => Interlocked.Read(ref overwritten);

    /// <summary>Puts the newest sample in.</summary>
    /// <returns>False where it is longer than <see cref="Capacity"/>; the slot then stays as it is.</returns>
    public bool TryPut(ReadOnlySpan<byte> sample)
    {
        if (sample.Length > this.sample.Length) return false;
        lock (gate)
        {
            if (length >= 0) Interlocked.Increment(ref overwritten);
            sample.CopyTo(this.sample);
            length = sample.Length;
            if (arrived.CurrentCount == 0) arrived.Release();
        }
        return true;
    }

    /// <summary>Takes the newest sample out, if there is one not yet taken.</summary>
    /// <param name="into">At least <see cref="Capacity"/> bytes.</param>
    /// <param name="length">Bytes of the sample, zero where there is none.</param>
    public bool TryTake(Span<byte> into, out int length)
    {
        lock (gate)
        {
            length = Math.Max(0, this.length);
            if (this.length < 0) return false;
            sample.AsSpan(0, length).CopyTo(into);
            this.length = -1;
            return true;
        }
    }

    /// <summary>Waits until a sample may be there; one consumer. Wakes in vain at most once per sample taken by polling.</summary>
    /// <returns>False where time ran out first.</returns>
    public bool Wait(TimeSpan timeout, CancellationToken cancellation) => arrived.Wait(timeout, cancellation);

    /// <summary>The same without a thread that waits, for as long as it takes.</summary>
    public Task WaitAsync(CancellationToken cancellation) => arrived.WaitAsync(cancellation);

    /// <inheritdoc/>
    public void Dispose() => arrived.Dispose();
}
