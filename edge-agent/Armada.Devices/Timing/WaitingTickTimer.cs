namespace Armada.Devices.Timing;

/// <summary>Beats by waiting with a timeout, for machines without timer descriptors: right on average, coarse in the single beat.</summary>
internal sealed class WaitingTickTimer(TimeSpan period) : ITickTimer
{
    private readonly long start = TimeProvider.System.GetTimestamp();
    private long last;

    public TimeSpan Period => period;

    public Beat Next(CancellationToken cancellation)
    {
        var due = period * (last + 1);
        for (var left = due - Elapsed(); left > TimeSpan.Zero; left = due - Elapsed())
        {
            cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)));
            cancellation.ThrowIfCancellationRequested();
        }

        var elapsed = Elapsed();
        return Beat.At(elapsed, period, elapsed.Ticks / period.Ticks, ref last);
    }

    public void Dispose()
    {
    }

    private TimeSpan Elapsed() => TimeProvider.System.GetElapsedTime(start);
}
