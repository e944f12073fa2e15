namespace Armada.Devices.Timing;

/// <summary>Starts metronomes on this machine's best timer.</summary>
public static class TickTimer
{
    /// <summary>Starts one; the first beat is a period from now.</summary>
    /// <param name="period">At least 100 µs.</param>
    public static ITickTimer Start(TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(period, TimeSpan.FromMicroseconds(100));
        return OperatingSystem.IsLinux() ? new KernelTickTimer(period) : new WaitingTickTimer(period);
    }
}
