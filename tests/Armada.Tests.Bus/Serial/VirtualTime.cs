namespace Armada.Tests.Bus.Serial;

/// <summary>Time that moves only when told, in microseconds.</summary>
public sealed class VirtualTime : TimeProvider
{
    private long now = 1;

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => now;

    public void MoveTo(long microseconds) => now = Math.Max(now, microseconds);
}
