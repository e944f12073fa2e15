namespace Armada.Emulators.Servos;

/// <summary>A shaft that follows a target with bounded speed and acceleration, and never shoots over.</summary>
internal struct Motion
{
    // Less than this is what floating-point numbers lose.
    private const double Exact = 1e-6;

    /// <summary>Where it is, steps, counted on over turns.</summary>
    public double Position;

    /// <summary>Steps per second.</summary>
    public double Velocity;

    /// <summary>Moves for <paramref name="seconds"/>.</summary>
    /// <param name="target">Where to, steps.</param>
    /// <param name="speed">Most steps per second.</param>
    /// <param name="acceleration">Most steps per second squared.</param>
    /// <param name="seconds">For how long; a millisecond or so.</param>
    /// <returns>Steps per second squared it took.</returns>
    public double Follow(double target, double speed, double acceleration, double seconds)
    {
        var change = acceleration * seconds;
        if (Math.Abs(target - Position) < Exact && Math.Abs(Velocity) <= change)
            Position = target;
        var distance = target - Position;

        // The speed from which braking, in steps of this length, ends on the target.
        var braking = Math.Sqrt((change * change / 4) + (2 * acceleration * Math.Abs(distance))) - (change / 2);
        var wanted = Math.CopySign(Math.Min(Math.Min(speed, braking), Math.Abs(distance) / seconds), distance);
        var before = Velocity;
        Velocity += Math.Clamp(wanted - Velocity, -change, change);
        Position += Velocity * seconds;
        return (Velocity - before) / seconds;
    }

    /// <summary>Is moved from outside to <paramref name="target"/>, at most at <paramref name="speed"/>.</summary>
    public void Yield(double target, double speed, double seconds)
    {
        var move = Math.Clamp(target - Position, -speed * seconds, speed * seconds);
        Position += move;
        Velocity = move / seconds;
    }

    /// <summary>Stands still.</summary>
    public void Halt() => Velocity = 0;
}
