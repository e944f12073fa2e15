namespace Armada.Tests.Bus.Serial;

/// <summary>Time that moves only when told, in microseconds.</summary>
public sealed class VirtualTime : TimeProvider
{
    private long _now = 1;

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => _now;

    public void MoveTo(long microseconds) => _now = Math.Max(_now, microseconds);
}
