namespace Armada.Silo.AwsIot.Calls;

/// <summary>A token bucket: so many calls per second, half of them at once after a pause. Who waits, waits in order.</summary>
/// <param name="perSecond">Calls per second, above zero.</param>
/// <param name="time">The clock.</param>
internal sealed class CallRate(double perSecond, TimeProvider time)
{
    private readonly TimeSpan interval = TimeSpan.FromSeconds(1 / perSecond);
    private readonly TimeSpan atOnce = TimeSpan.FromSeconds((Math.Max(1, Math.Floor(perSecond / 2)) - 1) / perSecond);
    private readonly Lock sync = new();
    private DateTimeOffset next = DateTimeOffset.MinValue;

    /// <summary>Waits for the turn of one call; gives how long that was.</summary>
    public async ValueTask<TimeSpan> TakeAsync(CancellationToken cancellation)
    {
        var wait = Reserve();
        if (wait <= TimeSpan.Zero)
            return TimeSpan.Zero;
        await Task.Delay(wait, time, cancellation);
        return wait;
    }

    private TimeSpan Reserve()
    {
        lock (sync)
        {
            var now = time.GetUtcNow();
            var turn = next > now - atOnce ? next : now - atOnce;
            next = turn + interval;
            return turn - now;
        }
    }
}
