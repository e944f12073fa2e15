namespace Armada.Devices.ServoBus;

/// <summary>What became of a request to one servo.</summary>
public enum AnswerStatus : byte
{
    /// <summary>Nothing came in time.</summary>
    Silent,

    /// <summary>Something came, but no valid frame of the servo asked, of the length asked.</summary>
    Corrupt,

    /// <summary>The servo answered.</summary>
    Ok,
}

/// <summary>The answer of one servo.</summary>
/// <param name="Status">Whether there is one.</param>
/// <param name="Errors">The condition the servo reports with it.</param>
public readonly record struct ServoAnswer(AnswerStatus Status, ServoErrors Errors = ServoErrors.None)
{
    /// <summary>Whether the servo answered; its errors do not matter here.</summary>
    public bool IsOk => Status == AnswerStatus.Ok;
}

/// <summary>The value of a register.</summary>
/// <param name="Answer">Whether the servo answered.</param>
/// <param name="Value">The value; 0 without an answer.</param>
public readonly record struct RegisterReading(ServoAnswer Answer, int Value)
{
    /// <summary>Whether the servo answered.</summary>
    public bool IsOk => Answer.IsOk;
}

/// <summary>What has happened on a bus since it was opened.</summary>
/// <param name="Requests">Frames sent.</param>
/// <param name="Timeouts">Answers that did not come.</param>
/// <param name="Corrupt">Answers that came damaged.</param>
/// <param name="Retries">Requests sent again.</param>
/// <param name="StaleBytes">Bytes that came when nothing was asked, thrown away.</param>
/// <param name="StaleAnswers">Valid frames of a servo or length that was not asked, or out of the order asked, thrown away.</param>
public readonly record struct BusCounters(long Requests, long Timeouts, long Corrupt, long Retries, long StaleBytes, long StaleAnswers);
