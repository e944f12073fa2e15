using Armada.Devices.ServoBus;

namespace Armada.Devices.Arms;

/// <summary>The settings of LeRobot for the servos of these arms, and the sparing way to write them.</summary>
internal static class ServoSettings
{
    /// <summary>EEPROM settings of every servo. Phase is another matter: only its multi-turn bit is cleared.</summary>
    private static readonly (Register, int)[] Common =
    [
        (Sts3215.ReturnDelayTime, 0),
        (Sts3215.OperatingMode, 0),
    ];

    private static readonly (Register, int)[] Driven =
    [
        .. Common,
        (Sts3215.Proportional, 16),
        (Sts3215.Integral, 0),
        (Sts3215.Derivative, 32),
    ];

    /// <summary>A gripper squeezes until it burns unless it is held to half its torque and current.</summary>
    private static readonly (Register, int)[] DrivenGripper =
    [
        .. Driven,
        (Sts3215.MaxTorqueLimit, 500),
        (Sts3215.ProtectionCurrent, 250),
        (Sts3215.OverloadTorque, 25),
    ];

    private const int Acceleration = 254;

    /// <param name="eeprom">What the servo kept a moment ago.</param>
    public static bool Configure(FeetechBus bus, ArmJoint joint, ArmRole role, ServoEeprom eeprom, CancellationToken cancellation)
    {
        var gripper = joint.Scale == JointScale.Percent;
        var settings = role == ArmRole.Leader ? Common : gripper ? DrivenGripper : Driven;
        settings = [(Sts3215.Phase, eeprom[Sts3215.Phase] & ~Sts3215.PhaseMultiTurn), .. settings];
        var acceleration = bus.Read(joint.Id, Sts3215.MaximumAcceleration, cancellation);
        return Apply(bus, joint.Id, settings, eeprom, cancellation)
            && acceleration.IsOk
            // Read-only in some firmware: written without torque off, or such a servo would let go at every start, and not checked.
            && (acceleration.Value == Acceleration
                || (bus.Write(joint.Id, Sts3215.Lock, 0, cancellation).IsOk
                    && bus.Write(joint.Id, Sts3215.MaximumAcceleration, Acceleration, cancellation).IsOk
                    && bus.Write(joint.Id, Sts3215.Lock, 1, cancellation).IsOk))
            && bus.Write(joint.Id, Sts3215.Acceleration, Acceleration, cancellation).IsOk;
    }

    /// <summary>Writes the settings that differ, with torque off, between Lock 0 and Lock 1. Touches nothing where all are as they should
    /// be.</summary>
    /// <param name="eeprom">What the servo kept a moment ago.</param>
    public static bool Apply(
        FeetechBus bus, byte id, ReadOnlySpan<(Register Register, int Value)> settings, ServoEeprom eeprom, CancellationToken cancellation)
    {
        var writing = false;
        foreach (var (register, value) in settings)
        {
            if (eeprom[register] == value)
                continue;
            if (!writing && !(bus.WriteChecked(id, Sts3215.TorqueEnable, 0, cancellation) && bus.Write(id, Sts3215.Lock, 0, cancellation).IsOk))
                return false;
            writing = true;
            if (!bus.WriteChecked(id, register, value, cancellation))
                return false;
        }

        return !writing || bus.Write(id, Sts3215.Lock, 1, cancellation).IsOk;
    }
}
