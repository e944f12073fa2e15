namespace Armada.Emulators.Servos;

/// <summary>
/// Load, current and temperature of one motor. The figures make sense together rather than match a bench: 150 mA without load at
/// full speed is the vendor's, 2.4 A at standstill with full duty is common for this motor; warming takes minutes.
/// </summary>
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

    /// <summary>Volts at the servo.</summary>
    public double Voltage { get; set; } = 7.4;

    /// <summary>Amperes.</summary>
    public double Current { get; private set; } = IdleCurrent;

    /// <summary>°C.</summary>
    public double Temperature { get; set; } = Ambient;

    /// <summary>Duty that goes into force, 0.1 %: what an overload is measured by, for a motor that only runs fast is not overloaded.</summary>
    public double Effort { get; private set; }

    /// <summary>The current in the units of its registers, 6.5 mA.</summary>
    public readonly int CurrentUnits => (int)(Current / 0.0065);

    /// <summary>Works for <paramref name="seconds"/>.</summary>
    /// <param name="force">Duty that goes into force, 0.1 %.</param>
    /// <param name="speed">Part of the no-load speed, −1 to 1.</param>
    /// <param name="limit">Most duty, 0.1 %; 0 when the motor is off.</param>
    /// <param name="seconds">For how long.</param>
    public void Work(double force, double speed, double limit, double seconds)
    {
        Duty = Math.Clamp(force + (1000 * speed), -limit, limit);
        Effort = Math.Clamp(Math.Abs(force), 0, limit);
        var part = Effort / 1000;
        Current = IdleCurrent + (limit > 0 ? (part * StallCurrent) + (Math.Abs(speed) * FreeRunningCurrent) : 0);
        Temperature += (Ambient + (WarmingAtStall * part * part) - Temperature) * seconds / WarmingTime;
    }
}
