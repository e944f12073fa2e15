using Armada.Devices.ServoBus;

namespace Armada.Emulators.Servos;

/// <summary>
/// One STS3215: registers, motion, protection, and the answers it gives on the bus. Knows no clock: <see cref="Advance"/> lets time pass.
/// Operating mode 0 (position) moves; the other modes keep their registers and stand still. One thread at a time.
/// </summary>
public sealed partial class EmulatedServo
{
    private readonly RegisterImage registers = new();

    /// <param name="id">Bus id, 0 to 253.</param>
    /// <param name="homingOffset">Steps, −2047 to 2047, as calibration left it.</param>
    /// <param name="minimum">Least goal, steps.</param>
    /// <param name="maximum">Greatest goal, steps.</param>
    /// <param name="position">Where the shaft stands, as Present_Position reads it.</param>
    public EmulatedServo(byte id, int homingOffset = 0, int minimum = 0, int maximum = 4095, int position = 2048)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(id, ServoFrame.MaxId);
        registers.Store(Sts3215.Id, id);
        registers.Store(Sts3215.HomingOffset, homingOffset);
        registers.Store(Sts3215.MinPositionLimit, minimum);
        registers.Store(Sts3215.MaxPositionLimit, maximum);
        motion.Position = position + homingOffset;
        PowerUp();
    }

    /// <summary>Its id on the bus.</summary>
    public byte Id => (byte)registers[Sts3215.Id];

    /// <summary>A register's value now.</summary>
    /// <param name="register">Of <see cref="Sts3215"/>.</param>
    public int this[in Register register] => registers[register];

    /// <summary>Whether the motor holds or moves the shaft.</summary>
    public bool TorqueIsOn => registers[Sts3215.TorqueEnable] == 1;

    /// <summary>The error byte of its answers.</summary>
    public ServoErrors Errors => protection.Errors;

    /// <summary>Whether it is restarting and hears nothing.</summary>
    public bool IsRestarting => restart > TimeSpan.Zero;

    /// <summary>Sets a register as at the factory or in calibration: it lasts over power cycles.</summary>
    public void Store(in Register register, int value)
    {
        registers.Store(register, value);
        Publish();
    }

    /// <summary>Power goes and comes back: RAM is lost, torque is off, what was latched is forgotten.</summary>
    public void PowerCycle() => PowerUp();

    /// <summary>Trips the overload protection, as if a blocked shaft had lasted too long.</summary>
    public void TripOverload()
    {
        protection.TripOverload();
        Publish();
    }

    private void PowerUp()
    {
        registers.PowerUp();
        protection = default;
        heldLength = 0;
        motion.Halt();
        CountTurnsFromHere();
        Publish();
    }
}
