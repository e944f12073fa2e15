using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Armada.Devices.Serial.Posix;
using static Armada.Devices.Serial.Posix.Libc;

namespace Armada.Devices.Timing;

/// <summary>Ticks for a loop on its own thread, at fixed times: a missed tick is skipped, never made up for.</summary>
public abstract class TickTimer(TimeSpan period) : IDisposable
{
    private long last;

    private protected long Start { get; } = TimeProvider.System.GetTimestamp();

    private protected TimeSpan Period => period;

    /// <summary>Starts this machine's best timer; the first tick is a period from now.</summary>
    /// <param name="period">At least 100 µs.</param>
    public static TickTimer Every(TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(period, TimeSpan.FromMicroseconds(100));
        return OperatingSystem.IsLinux() ? new KernelTickTimer(period) : new WaitingTickTimer(period);
    }

    /// <summary>Blocks until the next tick.</summary>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    public Tick Next(CancellationToken cancellation)
    {
        var number = WaitForNext(last, cancellation);
        return Tick.At(TimeProvider.System.GetElapsedTime(Start), period, number, ref last);
    }

    public virtual void Dispose() => GC.SuppressFinalize(this);

    /// <returns>The number of the tick that is due.</returns>
    private protected abstract long WaitForNext(long last, CancellationToken cancellation);
}

/// <param name="Number">Counts from 1, the skipped ones too.</param>
/// <param name="Late">How long after its due time the waiting thread ran on.</param>
/// <param name="IsLate">Whether that is more than a fifth of the period, or ticks before this one were skipped.</param>
public readonly record struct Tick(long Number, TimeSpan Late, bool IsLate)
{
    internal static Tick At(TimeSpan elapsed, TimeSpan period, long number, ref long last)
    {
        var late = elapsed - (period * number);
        var tick = new Tick(number, late, late * 5 > period || number > last + 1);
        last = number;
        return tick;
    }
}

/// <summary>A Linux timer descriptor: absolute times, no drift, and no timer slack as sleeping has.</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class KernelTickTimer : TickTimer
{
    private readonly Descriptor timer = CreateTimer(Monotonic, CloseOnExec | NonBlocking);
    private readonly CancellableWait wait = new();

    public KernelTickTimer(TimeSpan period)
        : base(period)
    {
        // TimeProvider.System counts CLOCK_MONOTONIC in nanoseconds on Linux, the clock and unit of the timer.
        var interval = period.Ticks * TimeSpan.NanosecondsPerTick;
        var spec = new TimerSpec { Interval = TimeSpec.Of(interval), First = TimeSpec.Of(Start + interval) };
        if (!timer.IsInvalid && SetTimer(timer, AbsoluteTime, &spec, null) == 0)
            return;
        var reason = Marshal.GetLastPInvokeErrorMessage();
        Dispose();
        throw new IOException($"timerfd: {reason}");
    }

    public override void Dispose()
    {
        timer.Dispose();
        wait.Dispose();
        base.Dispose();
    }

    private protected override long WaitForNext(long last, CancellationToken cancellation)
    {
        ulong expired;
        while (Read(timer, (byte*)&expired, sizeof(ulong)) != sizeof(ulong))
            wait.For(timer, PollIn, timeout: null, cancellation);
        cancellation.ThrowIfCancellationRequested();
        return last + (long)expired;
    }
}

/// <summary>Waits with a timeout, for machines without timer descriptors: right on average, coarse in the single tick.</summary>
internal sealed class WaitingTickTimer(TimeSpan period) : TickTimer(period)
{
    private protected override long WaitForNext(long last, CancellationToken cancellation)
    {
        for (var left = Left(last + 1); left > TimeSpan.Zero; left = Left(last + 1))
        {
            cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)));
            cancellation.ThrowIfCancellationRequested();
        }

        return TimeProvider.System.GetElapsedTime(Start).Ticks / Period.Ticks;
    }

    private TimeSpan Left(long number) => (Period * number) - TimeProvider.System.GetElapsedTime(Start);
}
