namespace Armada.Silo.Mqtt;

/// <summary>How much one connection may send a second; generous, so that only a fault or malice exceeds it.</summary>
public sealed record DeviceRateLimits
{
    /// <summary>Packets a second.</summary>
    public int Packets { get; init; } = 2_000;

    /// <summary>Bytes a second.</summary>
    public int Bytes { get; init; } = 1024 * 1024;
}

/// <summary>What one connection sent in the present second. One thread at a time.</summary>
internal sealed class DeviceRate(DeviceRateLimits limits, TimeProvider time, Action exceeded)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private long begin = time.GetTimestamp();
    private int packets;
    private long bytes;

    /// <summary>Counts a packet; false where it is one too many, so that a sample is dropped.</summary>
    public bool Count(long size)
    {
        if (time.GetElapsedTime(begin) >= Window)
            (begin, packets, bytes) = (time.GetTimestamp(), 0, 0);
        packets++;
        bytes += size;
        if (!IsExceeded)
            return true;
        exceeded();
        return false;
    }

    /// <summary>Waits for the second's end where it is used up, so that the client must wait too.</summary>
    public ValueTask WaitAsync(CancellationToken cancellation)
    {
        var left = Window - time.GetElapsedTime(begin);
        return IsExceeded && left > TimeSpan.Zero ? new(Task.Delay(left, time, cancellation)) : default;
    }

    private bool IsExceeded => packets > limits.Packets || bytes > limits.Bytes;
}
