namespace Armada.EdgeAgent.Follower;

/// <summary>What a tick reads besides its write.</summary>
internal enum Reading : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The pose, to be published.</summary>
    Pose,

    /// <summary>Load, voltage, temperature, condition.</summary>
    Health,

    /// <summary>Whether torque is on.</summary>
    Torque,
}

/// <summary>Spreads the readings over the ticks, one at most in each.</summary>
/// <param name="rateHz">Ticks per second.</param>
/// <param name="poseRateHz">Poses per second.</param>
internal sealed class ReadingSchedule(double rateHz, double poseRateHz)
{
    // Health and torque in turn, five of each per second.
    private const double OthersRateHz = 10;

    private double poseDue = 1;
    private double othersDue;
    private bool isTorqueNext;

    /// <summary>What this tick reads.</summary>
    public Reading Next()
    {
        poseDue += poseRateHz / rateHz;
        othersDue += OthersRateHz / rateHz;
        // Where each tick reads the pose, the others take the place of one now and then.
        if (othersDue >= 1 && (poseDue < 1 || othersDue >= 2))
        {
            othersDue -= Math.Floor(othersDue);
            isTorqueNext = !isTorqueNext;
            return isTorqueNext ? Reading.Torque : Reading.Health;
        }

        if (poseDue < 1)
            return Reading.None;
        poseDue -= Math.Floor(poseDue);
        return Reading.Pose;
    }
}
