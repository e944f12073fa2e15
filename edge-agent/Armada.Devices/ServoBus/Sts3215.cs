using System.Collections.Immutable;
using static Armada.Devices.ServoBus.RegisterAccess;
using static Armada.Devices.ServoBus.RegisterArea;

namespace Armada.Devices.ServoBus;

/// <summary>The control table of the Feetech STS3215, the servo of the SO-100 and SO-101. Names are LeRobot's; defaults are those of
/// the vendor's memory table 3.7 (7.4 V model). Of the maker's registers (80 to 86) no defaults are published.</summary>
public static class Sts3215
{
    public const int Model = 777;
    public const int StepsPerTurn = 4096;

    /// <summary>The bit of <see cref="Phase"/> that makes positions count on over a turn.</summary>
    public const int PhaseMultiTurn = 0x10;

    /// <summary>The errors that stay until torque or power is cycled.</summary>
    public const ServoErrors LatchedErrors = ServoErrors.Overcurrent | ServoErrors.Overload;

    /// <summary>Bytes of the register image: one past the last register.</summary>
    public const int ImageSize = 87;

    private static readonly Register?[] ByAddress = new Register?[ImageSize];

    // Firmware, major part.
    public static Register FirmwareMajorVersion { get; } = Define("Firmware_Major_Version", 0, 1, Eeprom, ReadOnly, initial: 3);
    // Firmware, minor part: 7, 9 and 10 are seen in the field.
    public static Register FirmwareMinorVersion { get; } = Define("Firmware_Minor_Version", 1, 1, Eeprom, ReadOnly, initial: 10);
    public static Register ModelNumber { get; } = Define("Model_Number", 3, 2, Eeprom, ReadOnly, initial: 777); // Model.
    public static Register Id { get; } = Define("ID", 5, 1, Eeprom, initial: 1); // Bus id, 0 to 253.
    public static Register BaudRate { get; } = Define("Baud_Rate", 6, 1, Eeprom); // Index of the bit rate; 0 is 1,000,000.
    public static Register ReturnDelayTime { get; } = Define("Return_Delay_Time", 7, 1, Eeprom); // Wait before an answer, 2 µs each.
    // 1: answer everything; 0: only ping and read.
    public static Register ResponseStatusLevel { get; } = Define("Response_Status_Level", 8, 1, Eeprom, initial: 1);
    public static Register MinPositionLimit { get; } = Define("Min_Position_Limit", 9, 2, Eeprom); // Least goal, steps.
    public static Register MaxPositionLimit { get; } = Define("Max_Position_Limit", 11, 2, Eeprom, initial: 4095); // Greatest goal, steps.
    public static Register MaxTemperatureLimit { get; } = Define("Max_Temperature_Limit", 13, 1, Eeprom, initial: 70); // °C.
    public static Register MaxVoltageLimit { get; } = Define("Max_Voltage_Limit", 14, 1, Eeprom, initial: 80); // 0.1 V.
    public static Register MinVoltageLimit { get; } = Define("Min_Voltage_Limit", 15, 1, Eeprom, initial: 40); // 0.1 V.
    // 0.1 %; copied to TorqueLimit at power-up only.
    public static Register MaxTorqueLimit { get; } = Define("Max_Torque_Limit", 16, 2, Eeprom, initial: 1000);
    // Bit field; bit 4 (PhaseMultiTurn) is multi-turn feedback.
    public static Register Phase { get; } = Define("Phase", 18, 1, Eeprom, initial: 12);
    // The ServoErrors that cut the torque.
    public static Register UnloadingCondition { get; } = Define("Unloading_Condition", 19, 1, Eeprom, initial: 44);
    // The ServoErrors that light the LED.
    public static Register LedAlarmCondition { get; } = Define("LED_Alarm_Condition", 20, 1, Eeprom, initial: 47);
    public static Register Proportional { get; } = Define("P_Coefficient", 21, 1, Eeprom, initial: 32); // Position loop, proportional.
    public static Register Derivative { get; } = Define("D_Coefficient", 22, 1, Eeprom, initial: 32); // Position loop, derivative.
    public static Register Integral { get; } = Define("I_Coefficient", 23, 1, Eeprom); // Position loop, integral.
    public static Register MinimumStartupForce { get; } = Define("Minimum_Startup_Force", 24, 2, Eeprom, initial: 16); // 0.1 %.
    public static Register ClockwiseDeadZone { get; } = Define("CW_Dead_Zone", 26, 1, Eeprom, initial: 1); // Steps.
    public static Register CounterclockwiseDeadZone { get; } = Define("CCW_Dead_Zone", 27, 1, Eeprom, initial: 1); // Steps.
    public static Register ProtectionCurrent { get; } = Define("Protection_Current", 28, 2, Eeprom, initial: 500); // 6.5 mA.
    public static Register AngularResolution { get; } = Define("Angular_Resolution", 30, 1, Eeprom, initial: 1); // Multiplier, 1 to 3.
    // Steps; present position = actual position − this.
    public static Register HomingOffset { get; } = Define("Homing_Offset", 31, 2, Eeprom, signBit: 11);
    public static Register OperatingMode { get; } = Define("Operating_Mode", 33, 1, Eeprom); // 0 position, 1 velocity, 2 PWM, 3 step.
    // 1 %; what is left after an overload.
    public static Register ProtectiveTorque { get; } = Define("Protective_Torque", 34, 1, Eeprom, initial: 20);
    public static Register ProtectionTime { get; } = Define("Protection_Time", 35, 1, Eeprom, initial: 200); // 10 ms.
    // 1 %; load over which the overload time runs.
    public static Register OverloadTorque { get; } = Define("Overload_Torque", 36, 1, Eeprom, initial: 80);
    // Velocity loop, proportional.
    public static Register VelocityProportional { get; } = Define("Velocity_closed_loop_P_proportional_coefficient", 37, 1, Eeprom, initial: 10);
    // 10 ms.
    public static Register OverCurrentProtectionTime { get; } = Define("Over_Current_Protection_Time", 38, 1, Eeprom, initial: 200);
    // Velocity loop, integral.
    public static Register VelocityIntegral { get; } = Define("Velocity_closed_loop_I_integral_coefficient", 39, 1, Eeprom, initial: 10);
    // 0 off, 1 on, 128: the present position shall read 2048.
    public static Register TorqueEnable { get; } = Define("Torque_Enable", 40, 1, Ram);
    public static Register Acceleration { get; } = Define("Acceleration", 41, 1, Ram); // 100 step/s², 0 to 254; 0 is the most.
    public static Register GoalPosition { get; } = Define("Goal_Position", 42, 2, Ram, signBit: 15); // Steps.
    public static Register GoalTime { get; } = Define("Goal_Time", 44, 2, Ram); // Milliseconds.
    public static Register GoalVelocity { get; } = Define("Goal_Velocity", 46, 2, Ram, signBit: 15); // Step/s; 0 is the most.
    public static Register TorqueLimit { get; } = Define("Torque_Limit", 48, 2, Ram, initial: 1000); // 0.1 %.
    public static Register Lock { get; } = Define("Lock", 55, 1, Ram); // 0: EEPROM writes persist; 1: they are lost at a power cycle.
    public static Register PresentPosition { get; } = Define("Present_Position", 56, 2, Ram, ReadOnly, signBit: 15); // Steps.
    public static Register PresentVelocity { get; } = Define("Present_Velocity", 58, 2, Ram, ReadOnly, signBit: 15); // Step/s.
    public static Register PresentLoad { get; } = Define("Present_Load", 60, 2, Ram, ReadOnly, signBit: 10); // 0.1 % of PWM duty.
    public static Register PresentVoltage { get; } = Define("Present_Voltage", 62, 1, Ram, ReadOnly); // 0.1 V.
    public static Register PresentTemperature { get; } = Define("Present_Temperature", 63, 1, Ram, ReadOnly); // °C.
    public static Register Status { get; } = Define("Status", 65, 1, Ram, ReadOnly); // ServoErrors.
    public static Register Moving { get; } = Define("Moving", 66, 1, Ram, ReadOnly); // 1: moving.
    public static Register PresentCurrent { get; } = Define("Present_Current", 69, 2, Ram, ReadOnly); // 6.5 mA.
    public static Register GoalPosition2 { get; } = Define("Goal_Position_2", 71, 2, Ram, ReadOnly); // Known from LeRobot's table only.
    // Velocity over which Moving is 1.
    public static Register MovingVelocityThreshold { get; } = Define("Moving_Velocity_Threshold", 80, 1, Factory);
    public static Register Dts { get; } = Define("DTs", 81, 1, Factory); // Milliseconds.
    public static Register VelocityUnitFactor { get; } = Define("Velocity_Unit_factor", 82, 1, Factory); // Unit of velocities.
    public static Register Hts { get; } = Define("Hts", 83, 1, Factory); // 20.83 ns.
    public static Register MaximumVelocityLimit { get; } = Define("Maximum_Velocity_Limit", 84, 1, Factory); // 0.732 rpm.
    public static Register MaximumAcceleration { get; } = Define("Maximum_Acceleration", 85, 1, Factory); // 100 step/s².
    // Used when Acceleration is 0.
    public static Register AccelerationMultiplier { get; } = Define("Acceleration_Multiplier", 86, 1, Factory);
    public static ImmutableArray<Register> All { get; } = [.. ByAddress.OfType<Register>()];

    public static Register? At(int address) => (uint)address < ImageSize ? ByAddress[address] : null;

    private static Register Define(
        string name, byte address, byte size, RegisterArea area, RegisterAccess access = ReadWrite, int initial = 0, byte? signBit = null)
    {
        var register = new Register(name, address, size, area, access, initial, signBit);
        ByAddress[address] = register;
        return register;
    }
}
