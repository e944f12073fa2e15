namespace Armada.Devices.ServoBus;

/// <summary>How long the bus waits and how often it asks again.</summary>
public sealed record BusTiming
{
    /// <summary>What an SO-100 or SO-101 arm needs.</summary>
    public static BusTiming Default { get; } = new();

    /// <summary>Bits per second; ten of them carry a byte.</summary>
    public int Baud { get; init; } = 1_000_000;

    /// <summary>
    /// Wait for the answer of one servo, beyond its time on the wire. 50 ms is what LeRobot and the vendor's newer SDK give.
    /// </summary>
    public TimeSpan AnswerAllowance { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Wait for the answers of a sync read, beyond their time on the wire: a few frames of full-speed USB, which has one each
    /// millisecond. Short, because in a loop the next tick is the better retry.
    /// </summary>
    public TimeSpan SyncAllowance { get; init; } = TimeSpan.FromMilliseconds(4);

    /// <summary>Longest wait of a servo before it answers (register 7 as delivered by some makers: 250 × 2 µs).</summary>
    public TimeSpan ReturnDelay { get; init; } = TimeSpan.FromMicroseconds(500);

    /// <summary>How often a ping, read or acknowledged write is sent again when its answer does not come or is corrupt.</summary>
    public int Retries { get; init; } = 2;

    internal TimeSpan OnWire(int bytes) => TimeSpan.FromMicroseconds(bytes * 10_000_000.0 / Baud);

    /// <summary>Time for a request and its answers: the wire, three bytes' slack (as LeRobot has it), the servos' own delay.</summary>
    internal TimeSpan Exchange(int request, int answers, int servos) => OnWire(request + answers + 3) + ReturnDelay * servos;
}
