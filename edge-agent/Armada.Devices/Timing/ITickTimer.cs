namespace Armada.Devices.Timing;

/// <summary>The beat of a loop on its own thread. Beats stand at fixed times: one that is missed is skipped, never made up for.</summary>
public interface ITickTimer : IDisposable
{
    /// <summary>Time from beat to beat.</summary>
    TimeSpan Period { get; }

    /// <summary>Blocks until the next beat.</summary>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    Beat Next(CancellationToken cancellation);
}

/// <summary>One beat.</summary>
/// <param name="Number">Counts from 1, the skipped ones too.</param>
/// <param name="Late">How long after its due time the waiting thread ran on.</param>
/// <param name="IsLate">Whether that is more than a fifth of the period, or beats before this one were skipped.</param>
public readonly record struct Beat(long Number, TimeSpan Late, bool IsLate)
{
    /// <summary>The beat with a number, taken so long after the start.</summary>
    internal static Beat At(TimeSpan elapsed, TimeSpan period, long number, ref long last)
    {
        var late = elapsed - period * number;
        var beat = new Beat(number, late, late * 5 > period || number > last + 1);
        last = number;
        return beat;
    }
}
