using System.Runtime.InteropServices;
using Armada.Devices.Serial.Posix;
using static Armada.Devices.Serial.Posix.Libc;

namespace Armada.Devices.Timing;

/// <summary>Beats from a Linux timer descriptor: absolute times, no drift, and no timer slack as sleeping has.</summary>
internal sealed unsafe class KernelMetronome : IMetronome
{
    private readonly Descriptor _timer = CreateTimer(Monotonic, CloseOnExec | NonBlocking);
    private readonly CancellableWait _wait = new();
    private readonly long _start = TimeProvider.System.GetTimestamp();
    private long _last;

    public KernelMetronome(TimeSpan period)
    {
        Period = period;
        // TimeProvider.System counts CLOCK_MONOTONIC in nanoseconds on Linux, the clock and unit of the timer.
        var interval = period.Ticks * TimeSpan.NanosecondsPerTick;
        var spec = new TimerSpec { Interval = TimeSpec.Of(interval), First = TimeSpec.Of(_start + interval) };
        if (!_timer.IsInvalid && SetTimer(_timer, AbsoluteTime, &spec, null) == 0)
            return;
        var reason = Marshal.GetLastPInvokeErrorMessage();
        Dispose();
        throw new IOException($"timerfd: {reason}");
    }

    public TimeSpan Period { get; }

    public Beat Next(CancellationToken cancellation)
    {
        ulong expired;
        while (Read(_timer, (byte*)&expired, sizeof(ulong)) != sizeof(ulong))
            _wait.For(_timer, PollIn, timeout: null, cancellation);
        cancellation.ThrowIfCancellationRequested();
        return Beat.At(TimeProvider.System.GetElapsedTime(_start), Period, _last + (long)expired, ref _last);
    }

    public void Dispose()
    {
        _timer.Dispose();
        _wait.Dispose();
    }
}
