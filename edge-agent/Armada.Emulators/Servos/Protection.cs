using Armada.Devices.ServoBus;

namespace Armada.Emulators.Servos;

/// <summary>What a servo watches itself for. Overload and overcurrent stay until torque or power is cycled; the others pass with their cause.</summary>
internal struct Protection
{
    private double overloadedFor;
    private double overcurrentFor;
    private ServoErrors latched;

    /// <summary>The error byte.</summary>
    public ServoErrors Errors { get; private set; }

    /// <summary>Looks at <paramref name="seconds"/> of work.</summary>
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

    /// <summary>Trips as if an overload had lasted.</summary>
    public void TripOverload()
    {
        latched |= ServoErrors.Overload;
        Errors |= ServoErrors.Overload;
    }

    /// <summary>Torque was cycled: what was latched is forgotten.</summary>
    public void Clear()
    {
        Errors &= ~latched;
        (latched, overloadedFor, overcurrentFor) = (ServoErrors.None, 0, 0);
    }

    /// <summary>The duty left to the motor, 0.1 %.</summary>
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
