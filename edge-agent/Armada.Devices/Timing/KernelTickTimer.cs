using System.Runtime.InteropServices;
using Armada.Devices.Serial.Posix;
using static Armada.Devices.Serial.Posix.Libc;

namespace Armada.Devices.Timing;

/// <summary>Beats from a Linux timer descriptor: absolute times, no drift, and no timer slack as sleeping has.</summary>
internal sealed unsafe class KernelTickTimer : ITickTimer
{
    private readonly Descriptor timer = CreateTimer(Monotonic, CloseOnExec | NonBlocking);
    private readonly CancellableWait wait = new();
    private readonly long start = TimeProvider.System.GetTimestamp();
    private long last;

    public KernelTickTimer(TimeSpan period)
    {
        Period = period;
        // TimeProvider.System counts CLOCK_MONOTONIC in nanoseconds on Linux, the clock and unit of the timer.
        var interval = period.Ticks * TimeSpan.NanosecondsPerTick;
        var spec = new TimerSpec { Interval = TimeSpec.Of(interval), First = TimeSpec.Of(start + interval) };
        if (!timer.IsInvalid && SetTimer(timer, AbsoluteTime, &spec, null) == 0)
            return;
        var reason = Marshal.GetLastPInvokeErrorMessage();
        Dispose();
        throw new IOException($"timerfd: {reason}");
    }

    public TimeSpan Period { get; }

    public Beat Next(CancellationToken cancellation)
    {
        ulong expired;
        while (Read(timer, (byte*)&expired, sizeof(ulong)) != sizeof(ulong))
            wait.For(timer, PollIn, timeout: null, cancellation);
        cancellation.ThrowIfCancellationRequested();
        return Beat.At(TimeProvider.System.GetElapsedTime(start), Period, last + (long)expired, ref last);
    }

    public void Dispose()
    {
        timer.Dispose();
        wait.Dispose();
    }
}
