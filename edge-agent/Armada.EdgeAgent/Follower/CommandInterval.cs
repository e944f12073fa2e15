using Armada.Core.Time;

namespace Armada.EdgeAgent.Follower;

/// <summary>
/// How far apart a moving master's commands come. Those of a master at rest, or so slow that its dead-band spaces them, say
/// nothing about that and are left out, so that its next movement is followed as quickly as the last.
/// </summary>
/// <param name="first">The estimate before any command.</param>
public sealed class CommandInterval(TimeSpan first)
{
    private const double Weight = 0.2;
    private const double LongestMicros = 100_000;

    private double micros = Microseconds.Of(first);
    private Timestamp last;
    private bool wasMoving;

    /// <summary>The estimate, up to 100 ms.</summary>
    public TimeSpan Estimate => Microseconds.ToTimeSpan((long)micros);

    /// <summary>Takes one command into account.</summary>
    /// <param name="received">When it came.</param>
    /// <param name="moving">Whether it is well away from the one before.</param>
    public void Observe(in Timestamp received, bool moving)
    {
        if (moving && wasMoving)
            micros += Weight * (Math.Min(received.MicrosecondsSince(last), LongestMicros) - micros);
        last = received;
        wasMoving = moving;
    }
}
