namespace Armada.Emulators.Servos;

/// <summary>A shaft that follows a target with bounded speed and acceleration, and never shoots over.</summary>
internal struct ShaftMotion
{
    // Less than this is what floating-point numbers lose.
    private const double Exact = 1e-6;

    /// <summary>Where it is, steps, counted on over turns.</summary>
    public double Position;

    public double Velocity;

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

    public void Halt() => Velocity = 0;
}

/// <summary>Load, current and temperature of one motor. The figures make sense together rather than match a bench: 150 mA without load
/// at full speed is the vendor's, 2.4 A at standstill with full duty is common for this motor; warming takes minutes.</summary>
internal struct Electrics()
{
    private const double Ambient = 28;
    private const double IdleCurrent = 0.02;
    private const double FreeRunningCurrent = 0.15;
    private const double StallCurrent = 2.4;

    // A motor stalled with full duty would end 60 degrees above its surroundings.
    private const double WarmingAtStall = 60;
    private const double WarmingTime = 300;

    /// <summary>Duty with the sign of its direction, 0.1 %: what Present_Load tells.</summary>
    public double Duty { get; private set; }

    public double Voltage { get; set; } = 7.4;
    public double Current { get; private set; } = IdleCurrent;
    public double Temperature { get; set; } = Ambient;

    /// <summary>Duty that goes into force, 0.1 %: what an overload is measured by, for a motor that only runs fast is not overloaded.</summary>
    public double Effort { get; private set; }

    /// <summary>The current in the units of its registers, 6.5 mA.</summary>
    public readonly int CurrentUnits => (int)(Current / 0.0065);

    /// <param name="force">Duty that goes into force, 0.1 %.</param>
    /// <param name="speed">Part of the no-load speed, −1 to 1.</param>
    /// <param name="limit">Most duty, 0.1 %; 0 when the motor is off.</param>
    public void Work(double force, double speed, double limit, double seconds)
    {
        Duty = Math.Clamp(force + (1000 * speed), -limit, limit);
        Effort = Math.Clamp(Math.Abs(force), 0, limit);
        var part = Effort / 1000;
        Current = IdleCurrent + (limit > 0 ? (part * StallCurrent) + (Math.Abs(speed) * FreeRunningCurrent) : 0);
        Temperature += (Ambient + (WarmingAtStall * part * part) - Temperature) * seconds / WarmingTime;
    }
}

/// <summary>What a servo watches itself for. Overload and overcurrent stay until torque or power is cycled; the others pass with their cause.</summary>
internal struct Protection
{
    private double overloadedFor;
    private double overcurrentFor;
    private ServoErrors latched;

    public ServoErrors Errors { get; private set; }

    public void Watch(RegisterImage registers, in Electrics electrics, double seconds)
    {
        Time(ref overloadedFor, electrics.Effort > 10 * registers[Sts3215.OverloadTorque], seconds);
        if (overloadedFor * 100 > registers[Sts3215.ProtectionTime])
            latched |= ServoErrors.Overload;
        Time(ref overcurrentFor, electrics.CurrentUnits > registers[Sts3215.ProtectionCurrent], seconds);
        if (overcurrentFor * 100 > registers[Sts3215.OverCurrentProtectionTime])
            latched |= ServoErrors.Overcurrent;

        Errors = latched;
        if (electrics.Voltage * 10 > registers[Sts3215.MaxVoltageLimit] || electrics.Voltage * 10 < registers[Sts3215.MinVoltageLimit])
            Errors |= ServoErrors.Voltage;
        if (electrics.Temperature > registers[Sts3215.MaxTemperatureLimit])
            Errors |= ServoErrors.Overheat;
    }

    public void TripOverload()
    {
        latched |= ServoErrors.Overload;
        Errors |= ServoErrors.Overload;
    }

    public void Clear()
    {
        Errors &= ~latched;
        (latched, overloadedFor, overcurrentFor) = (ServoErrors.None, 0, 0);
    }

    public readonly double DutyLimit(RegisterImage registers)
    {
        double limit = Math.Min(registers[Sts3215.TorqueLimit], 1000);
        var unloading = Errors & (ServoErrors)registers[Sts3215.UnloadingCondition];
        if ((unloading & ~ServoErrors.Overload) != 0)
            return 0;
        return unloading == 0 ? limit : Math.Min(limit, 10 * registers[Sts3215.ProtectiveTorque]);
    }

    private static void Time(ref double time, bool over, double seconds) => time = over ? time + seconds : 0;
}
