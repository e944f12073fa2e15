namespace Armada.Devices.ServoBus;

/// <summary>
/// The error byte of a status frame, and register 65. It tells the servo's condition: the instruction is normally still
/// carried out, and data that came with it are valid.
/// </summary>
[Flags]
public enum ServoErrors : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Supply voltage outside registers 15 to 14.</summary>
    Voltage = 0x01,

    /// <summary>The encoder fails.</summary>
    Encoder = 0x02,

    /// <summary>Over the temperature of register 13.</summary>
    Overheat = 0x04,

    /// <summary>Over the current of register 28 for the time of register 38.</summary>
    Overcurrent = 0x08,

    /// <summary>Angle limit; reserved in newer firmware.</summary>
    AngleLimit = 0x10,

    /// <summary>Over the load of register 36 for the time of register 35; stays until torque or power is cycled.</summary>
    Overload = 0x20,
}
