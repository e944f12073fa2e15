using System.Collections.Immutable;

namespace Armada.Devices.ServoBus;

/// <summary>
/// The control table of the Feetech STS3215, the servo of the SO-100 and SO-101. Names are LeRobot's; defaults are those of
/// the vendor's memory table 3.7 (7.4 V model). Of the maker's registers (80 to 86) no defaults are published.
/// </summary>
public static class Sts3215
{
    /// <summary>What <see cref="ModelNumber"/> reads.</summary>
    public const int Model = 777;

    /// <summary>Steps of one turn.</summary>
    public const int StepsPerTurn = 4096;

    /// <summary>The bit of <see cref="Phase"/> that makes positions count on over a turn.</summary>
    public const int PhaseMultiTurn = 0x10;

    /// <summary>Bytes of the register image: one past the last register.</summary>
    public const int ImageSize = 87;

    /// <summary>Firmware, major part.</summary>
    public static Register FirmwareMajorVersion { get; } =
        new("Firmware_Major_Version", 0, 1, RegisterArea.Eeprom, RegisterAccess.ReadOnly, 3);

    /// <summary>Firmware, minor part: 7, 9 and 10 are seen in the field.</summary>
    public static Register FirmwareMinorVersion { get; } =
        new("Firmware_Minor_Version", 1, 1, RegisterArea.Eeprom, RegisterAccess.ReadOnly, 10);

    /// <summary><see cref="Model"/>.</summary>
    public static Register ModelNumber { get; } = new("Model_Number", 3, 2, RegisterArea.Eeprom, RegisterAccess.ReadOnly, 777);

    /// <summary>Bus id, 0 to 253.</summary>
    public static Register Id { get; } = new("ID", 5, 1, RegisterArea.Eeprom, Default: 1);

    /// <summary>Index of the bit rate; 0 is 1,000,000.</summary>
    public static Register BaudRate { get; } = new("Baud_Rate", 6, 1, RegisterArea.Eeprom);

    /// <summary>Wait before an answer, 2 µs each.</summary>
    public static Register ReturnDelayTime { get; } = new("Return_Delay_Time", 7, 1, RegisterArea.Eeprom);

    /// <summary>1: answer everything; 0: only ping and read.</summary>
    public static Register ResponseStatusLevel { get; } = new("Response_Status_Level", 8, 1, RegisterArea.Eeprom, Default: 1);

    /// <summary>Least goal, steps.</summary>
    public static Register MinPositionLimit { get; } = new("Min_Position_Limit", 9, 2, RegisterArea.Eeprom);

    /// <summary>Greatest goal, steps.</summary>
    public static Register MaxPositionLimit { get; } = new("Max_Position_Limit", 11, 2, RegisterArea.Eeprom, Default: 4095);

    /// <summary>°C.</summary>
    public static Register MaxTemperatureLimit { get; } = new("Max_Temperature_Limit", 13, 1, RegisterArea.Eeprom, Default: 70);

    /// <summary>0.1 V.</summary>
    public static Register MaxVoltageLimit { get; } = new("Max_Voltage_Limit", 14, 1, RegisterArea.Eeprom, Default: 80);

    /// <summary>0.1 V.</summary>
    public static Register MinVoltageLimit { get; } = new("Min_Voltage_Limit", 15, 1, RegisterArea.Eeprom, Default: 40);

    /// <summary>0.1 %; copied to <see cref="TorqueLimit"/> at power-up only.</summary>
    public static Register MaxTorqueLimit { get; } = new("Max_Torque_Limit", 16, 2, RegisterArea.Eeprom, Default: 1000);

    /// <summary>Bit field; bit 4 (<see cref="PhaseMultiTurn"/>) is multi-turn feedback.</summary>
    public static Register Phase { get; } = new("Phase", 18, 1, RegisterArea.Eeprom, Default: 12);

    /// <summary>The <see cref="ServoErrors"/> that cut the torque.</summary>
    public static Register UnloadingCondition { get; } = new("Unloading_Condition", 19, 1, RegisterArea.Eeprom, Default: 44);

    /// <summary>The <see cref="ServoErrors"/> that light the LED.</summary>
    public static Register LedAlarmCondition { get; } = new("LED_Alarm_Condition", 20, 1, RegisterArea.Eeprom, Default: 47);

    /// <summary>Position loop, proportional.</summary>
    public static Register Proportional { get; } = new("P_Coefficient", 21, 1, RegisterArea.Eeprom, Default: 32);

    /// <summary>Position loop, derivative.</summary>
    public static Register Derivative { get; } = new("D_Coefficient", 22, 1, RegisterArea.Eeprom, Default: 32);

    /// <summary>Position loop, integral.</summary>
    public static Register Integral { get; } = new("I_Coefficient", 23, 1, RegisterArea.Eeprom);

    /// <summary>0.1 %.</summary>
    public static Register MinimumStartupForce { get; } = new("Minimum_Startup_Force", 24, 2, RegisterArea.Eeprom, Default: 16);

    /// <summary>Steps.</summary>
    public static Register ClockwiseDeadZone { get; } = new("CW_Dead_Zone", 26, 1, RegisterArea.Eeprom, Default: 1);

    /// <summary>Steps.</summary>
    public static Register CounterclockwiseDeadZone { get; } = new("CCW_Dead_Zone", 27, 1, RegisterArea.Eeprom, Default: 1);

    /// <summary>6.5 mA.</summary>
    public static Register ProtectionCurrent { get; } = new("Protection_Current", 28, 2, RegisterArea.Eeprom, Default: 500);

    /// <summary>Multiplier, 1 to 3.</summary>
    public static Register AngularResolution { get; } = new("Angular_Resolution", 30, 1, RegisterArea.Eeprom, Default: 1);

    /// <summary>Steps; present position = actual position − this.</summary>
    public static Register HomingOffset { get; } = new("Homing_Offset", 31, 2, RegisterArea.Eeprom, SignBit: 11);

    /// <summary>0 position, 1 velocity, 2 PWM, 3 step.</summary>
    public static Register OperatingMode { get; } = new("Operating_Mode", 33, 1, RegisterArea.Eeprom);

    /// <summary>1 %; what is left after an overload.</summary>
    public static Register ProtectiveTorque { get; } = new("Protective_Torque", 34, 1, RegisterArea.Eeprom, Default: 20);

    /// <summary>10 ms.</summary>
    public static Register ProtectionTime { get; } = new("Protection_Time", 35, 1, RegisterArea.Eeprom, Default: 200);

    /// <summary>1 %; load over which the overload time runs.</summary>
    public static Register OverloadTorque { get; } = new("Overload_Torque", 36, 1, RegisterArea.Eeprom, Default: 80);

    /// <summary>Velocity loop, proportional.</summary>
    public static Register VelocityProportional { get; } =
        new("Velocity_closed_loop_P_proportional_coefficient", 37, 1, RegisterArea.Eeprom, Default: 10);

    /// <summary>10 ms.</summary>
    public static Register OverCurrentProtectionTime { get; } =
        new("Over_Current_Protection_Time", 38, 1, RegisterArea.Eeprom, Default: 200);

    /// <summary>Velocity loop, integral.</summary>
    public static Register VelocityIntegral { get; } =
        new("Velocity_closed_loop_I_integral_coefficient", 39, 1, RegisterArea.Eeprom, Default: 10);

    /// <summary>0 off, 1 on, 128: the present position shall read 2048.</summary>
    public static Register TorqueEnable { get; } = new("Torque_Enable", 40, 1, RegisterArea.Ram);

    /// <summary>100 step/s², 0 to 254; 0 is the most.</summary>
    public static Register Acceleration { get; } = new("Acceleration", 41, 1, RegisterArea.Ram);

    /// <summary>Steps.</summary>
    public static Register GoalPosition { get; } = new("Goal_Position", 42, 2, RegisterArea.Ram, SignBit: 15);

    /// <summary>Milliseconds.</summary>
    public static Register GoalTime { get; } = new("Goal_Time", 44, 2, RegisterArea.Ram);

    /// <summary>Step/s; 0 is the most.</summary>
    public static Register GoalVelocity { get; } = new("Goal_Velocity", 46, 2, RegisterArea.Ram, SignBit: 15);

    /// <summary>0.1 %.</summary>
    public static Register TorqueLimit { get; } = new("Torque_Limit", 48, 2, RegisterArea.Ram, Default: 1000);

    /// <summary>0: EEPROM writes persist; 1: they are lost at a power cycle.</summary>
    public static Register Lock { get; } = new("Lock", 55, 1, RegisterArea.Ram);

    /// <summary>Steps.</summary>
    public static Register PresentPosition { get; } =
        new("Present_Position", 56, 2, RegisterArea.Ram, RegisterAccess.ReadOnly, SignBit: 15);

    /// <summary>Step/s.</summary>
    public static Register PresentVelocity { get; } =
        new("Present_Velocity", 58, 2, RegisterArea.Ram, RegisterAccess.ReadOnly, SignBit: 15);

    /// <summary>0.1 % of PWM duty.</summary>
    public static Register PresentLoad { get; } = new("Present_Load", 60, 2, RegisterArea.Ram, RegisterAccess.ReadOnly, SignBit: 10);

    /// <summary>0.1 V.</summary>
    public static Register PresentVoltage { get; } = new("Present_Voltage", 62, 1, RegisterArea.Ram, RegisterAccess.ReadOnly);

    /// <summary>°C.</summary>
    public static Register PresentTemperature { get; } = new("Present_Temperature", 63, 1, RegisterArea.Ram, RegisterAccess.ReadOnly);

    /// <summary><see cref="ServoErrors"/>.</summary>
    public static Register Status { get; } = new("Status", 65, 1, RegisterArea.Ram, RegisterAccess.ReadOnly);

    /// <summary>1: moving.</summary>
    public static Register Moving { get; } = new("Moving", 66, 1, RegisterArea.Ram, RegisterAccess.ReadOnly);

    /// <summary>6.5 mA.</summary>
    public static Register PresentCurrent { get; } = new("Present_Current", 69, 2, RegisterArea.Ram, RegisterAccess.ReadOnly);

    /// <summary>Known from LeRobot's table only.</summary>
    public static Register GoalPosition2 { get; } = new("Goal_Position_2", 71, 2, RegisterArea.Ram, RegisterAccess.ReadOnly);

    /// <summary>Velocity over which <see cref="Moving"/> is 1.</summary>
    public static Register MovingVelocityThreshold { get; } = new("Moving_Velocity_Threshold", 80, 1, RegisterArea.Factory);

    /// <summary>Milliseconds.</summary>
    public static Register Dts { get; } = new("DTs", 81, 1, RegisterArea.Factory);

    /// <summary>Unit of velocities.</summary>
    public static Register VelocityUnitFactor { get; } = new("Velocity_Unit_factor", 82, 1, RegisterArea.Factory);

    /// <summary>20.83 ns.</summary>
    public static Register Hts { get; } = new("Hts", 83, 1, RegisterArea.Factory);

    /// <summary>0.732 rpm.</summary>
    public static Register MaximumVelocityLimit { get; } = new("Maximum_Velocity_Limit", 84, 1, RegisterArea.Factory);

    /// <summary>100 step/s².</summary>
    public static Register MaximumAcceleration { get; } = new("Maximum_Acceleration", 85, 1, RegisterArea.Factory);

    /// <summary>Used when <see cref="Acceleration"/> is 0.</summary>
    public static Register AccelerationMultiplier { get; } = new("Acceleration_Multiplier", 86, 1, RegisterArea.Factory);

    private static ImmutableArray<Register> Table { get; } =
    [
        FirmwareMajorVersion, FirmwareMinorVersion, ModelNumber, Id, BaudRate,
        ReturnDelayTime, ResponseStatusLevel, MinPositionLimit, MaxPositionLimit, MaxTemperatureLimit,
        MaxVoltageLimit, MinVoltageLimit, MaxTorqueLimit, Phase, UnloadingCondition,
        LedAlarmCondition, Proportional, Derivative, Integral, MinimumStartupForce,
        ClockwiseDeadZone, CounterclockwiseDeadZone, ProtectionCurrent, AngularResolution, HomingOffset,
        OperatingMode, ProtectiveTorque, ProtectionTime, OverloadTorque, VelocityProportional,
        OverCurrentProtectionTime, VelocityIntegral, TorqueEnable, Acceleration, GoalPosition,
        GoalTime, GoalVelocity, TorqueLimit, Lock, PresentPosition,
        PresentVelocity, PresentLoad, PresentVoltage, PresentTemperature, Status,
        Moving, PresentCurrent, GoalPosition2, MovingVelocityThreshold, Dts,
        VelocityUnitFactor, Hts, MaximumVelocityLimit, MaximumAcceleration, AccelerationMultiplier,
    ];

    private static Register?[] ByAddress { get; } = Index();

    /// <summary>Every register, by address.</summary>
    public static ReadOnlySpan<Register> All => Table.AsSpan();

    /// <summary>The register that begins at an address, or null.</summary>
    public static Register? At(int address) => (uint)address < ImageSize ? ByAddress[address] : null;

    private static Register?[] Index()
    {
        var index = new Register?[ImageSize];
        foreach (var register in Table)
            index[register.Address] = register;
        return index;
    }
}
