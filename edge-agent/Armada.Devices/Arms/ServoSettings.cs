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

    /// <summary>Read-only in some firmware: written without torque off, or such a servo would let go at every start.</summary>
    private static readonly (Register, int)[] Makers = [(Sts3215.MaximumAcceleration, Acceleration)];

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

    public static bool Configure(FeetechBus bus, ArmJoint joint, ArmRole role, CancellationToken cancellation)
    {
        var phase = bus.Read(joint.Id, Sts3215.Phase, cancellation);
        if (!phase.IsOk)
            return false;
        var gripper = joint.Scale == JointScale.Percent;
        var settings = role == ArmRole.Leader ? Common : gripper ? DrivenGripper : Driven;
        settings = [(Sts3215.Phase, phase.Value & ~Sts3215.PhaseMultiTurn), .. settings];
        return Apply(bus, joint.Id, settings, torqueOff: true, cancellation)
            && Apply(bus, joint.Id, Makers, torqueOff: false, cancellation)
            && bus.Write(joint.Id, Sts3215.Acceleration, Acceleration, cancellation).IsOk;
    }

    /// <summary>Writes the settings that differ, between Lock 0 and Lock 1. Touches nothing where all are as they should be.</summary>
    /// <param name="torqueOff">Whether torque is to go off first when there is something to write.</param>
    public static bool Apply(
        FeetechBus bus, byte id, ReadOnlySpan<(Register Register, int Value)> settings, bool torqueOff, CancellationToken cancellation)
    {
        var writing = false;
        foreach (var (register, value) in settings)
        {
            var found = bus.Read(id, register, cancellation);
            if (!found.IsOk)
                return false;
            if (found.Value == value)
                continue;
            if (!writing && !Unlock(bus, id, torqueOff, cancellation))
                return false;
            writing = true;
            if (!bus.Write(id, register, value, cancellation).IsOk)
                return false;
        }

        return !writing || bus.Write(id, Sts3215.Lock, 1, cancellation).IsOk;
    }

    private static bool Unlock(FeetechBus bus, byte id, bool torqueOff, CancellationToken cancellation) =>
        (!torqueOff || bus.Write(id, Sts3215.TorqueEnable, 0, cancellation).IsOk) && bus.Write(id, Sts3215.Lock, 0, cancellation).IsOk;
}
