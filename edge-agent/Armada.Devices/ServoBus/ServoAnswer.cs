namespace Armada.Devices.ServoBus;

public enum AnswerStatus : byte
{
    Silent, // Nothing came in time.
    Corrupt, // Something came, but no valid frame of the servo asked, of the length asked.
    Ok, // The servo answered.
}

/// <param name="Errors">The condition the servo reports with it.</param>
public readonly record struct ServoAnswer(AnswerStatus Status, ServoErrors Errors = ServoErrors.None)
{
    /// <summary>Whether the servo answered; its errors do not matter here.</summary>
    public bool IsOk => Status == AnswerStatus.Ok;
}

/// <param name="Value">The value; 0 without an answer.</param>
public readonly record struct RegisterReading(ServoAnswer Answer, int Value)
{
    public bool IsOk => Answer.IsOk;
}

/// <param name="StaleBytes">Bytes that came when nothing was asked, thrown away.</param>
/// <param name="StaleAnswers">Valid frames of a servo or length that was not asked, or out of the order asked, thrown away.</param>
public readonly record struct BusCounters(long Requests, long Timeouts, long Corrupt, long Retries, long StaleBytes, long StaleAnswers)
{
    public static BusCounters operator +(BusCounters a, BusCounters b) => new(
        a.Requests + b.Requests, a.Timeouts + b.Timeouts, a.Corrupt + b.Corrupt,
        a.Retries + b.Retries, a.StaleBytes + b.StaleBytes, a.StaleAnswers + b.StaleAnswers);
}

/// <summary>The error byte of a status frame, and register 65. It tells the servo's condition: the instruction is normally still
/// carried out, and data that came with it are valid.</summary>
[Flags]
public enum ServoErrors : byte
{
    None = 0, // None.
    Voltage = 0x01, // Supply voltage outside registers 15 to 14.
    Encoder = 0x02, // The encoder fails.
    Overheat = 0x04, // Over the temperature of register 13.
    Overcurrent = 0x08, // Over the current of register 28 for the time of register 38.
    AngleLimit = 0x10, // Angle limit; reserved in newer firmware.
    Overload = 0x20, // Over the load of register 36 for the time of register 35; stays until torque or power is cycled.
}
