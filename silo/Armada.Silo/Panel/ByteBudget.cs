using Armada.Core.Time;

namespace Armada.Silo.Panel;

/// <summary>How many bytes a second may be spent for long. Spending may overdraw it; what is overdrawn must come in first.</summary>
internal sealed class ByteBudget
{
    private readonly double perSecond;
    private long spent;
    private double left;
    private long? last;

    /// <summary>A full one.</summary>
    /// <param name="perSecond">Bytes a second; as many may be spent at once after a pause.</param>
    public ByteBudget(double perSecond) => (this.perSecond, left) = (perSecond, perSecond);

    /// <summary>Spends; from any thread.</summary>
    public void Spend(long bytes) => Interlocked.Add(ref spent, bytes);

    /// <summary>Whether something is left now; asked by one thread.</summary>
    public bool HasLeft(in Timestamp now)
    {
        var passed = Math.Max(0, now.Monotonic - (last ?? now.Monotonic));
        last = now.Monotonic;
        left = Math.Min(perSecond, left + (passed * perSecond / Microseconds.PerSecond) - Interlocked.Exchange(ref spent, 0));
        return left > 0;
    }
}
