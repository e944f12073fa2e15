using Armada.Devices.Serial;

namespace Armada.Devices.ServoBus;

/// <summary>A bus of Feetech STS servos on a serial link. For one thread at a time; blocks; allocates nothing. A servo that is silent,
/// corrupt or in error is told by its <see cref="ServoAnswer"/> and disturbs no other. Every method throws <see
/// cref="SerialLostException"/> when the port is gone and <see cref="OperationCanceledException"/> when canceled.</summary>
public sealed class FeetechBus
{
    // The last servo asked has answered: who was before it is silent, unless that answer was a late one of the last tick.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(2);

    private readonly ISerialLink link;
    private readonly BusTiming timing;
    private readonly TimeProvider time;
    private readonly BusLine line;
    private readonly byte[] request = new byte[ServoFrame.MaxSize];
    private long requests;
    private long timeouts;
    private long corrupt;
    private long retries;
    private long staleAnswers;

    /// <summary>A bus on an open link, which stays the caller's to close.</summary>
    public FeetechBus(ISerialLink link, BusTiming? timing = null, TimeProvider? time = null)
    {
        this.link = link;
        this.timing = timing ?? BusTiming.Default;
        this.time = time ?? TimeProvider.System;
        line = new BusLine(link, this.timing, this.time);
    }

    public string Port => link.Port;

    /// <summary>What has happened so far. May be read from any thread.</summary>
    public BusCounters Counters => CountedBefore + new BusCounters(requests, timeouts, corrupt, retries, line.StaleBytes, staleAnswers);

    /// <summary>What had been counted before the port was opened again.</summary>
    public BusCounters CountedBefore { get; init; }

    public ServoAnswer Ping(byte id, CancellationToken cancellation) =>
        Exchange(id, ServoFrame.Ping(request, id), [], cancellation);

    /// <param name="data">Where to, and how many bytes; untouched without an answer.</param>
    public ServoAnswer Read(byte id, byte address, Span<byte> data, CancellationToken cancellation) =>
        Exchange(id, ServoFrame.Read(request, id, address, (byte)data.Length), data, cancellation);

    public RegisterReading Read(byte id, Register register, CancellationToken cancellation)
    {
        Span<byte> data = stackalloc byte[register.Size];
        var answer = Read(id, register.Address, data, cancellation);
        return new RegisterReading(answer, answer.IsOk ? register.Decode(data) : 0);
    }

    public ServoAnswer Write(byte id, byte address, ReadOnlySpan<byte> data, CancellationToken cancellation) =>
        Exchange(id, ServoFrame.Write(request, id, address, data), [], cancellation);

    /// <exception cref="ArgumentOutOfRangeException">The register cannot hold the value.</exception>
    public ServoAnswer Write(byte id, Register register, int value, CancellationToken cancellation)
    {
        Span<byte> data = stackalloc byte[register.Size];
        register.Encode(value, data);
        return Write(id, register.Address, data, cancellation);
    }

    /// <summary>Writes a register and reads it back.</summary>
    /// <returns>Whether the servo has the value.</returns>
    public bool WriteChecked(byte id, Register register, int value, CancellationToken cancellation) =>
        Write(id, register, value, cancellation).IsOk
        && Read(id, register, cancellation) is { IsOk: true } reading && reading.Value == value;

    /// <summary>Reads the same registers of several servos in one exchange, once: in a loop the next tick is the retry. Servos answer
    /// in the order asked; a frame of another length is not taken, and one that comes before that of a servo asked earlier is taken
    /// back as a late one. What remains possible: a late answer stands for a newer one to the same question.</summary>
    /// <param name="data">Where to, servo by servo: ids × length bytes. Bytes of a servo without an answer mean nothing.</param>
    public int SyncRead(
        byte address, byte length, ReadOnlySpan<byte> ids, Span<byte> data, Span<ServoAnswer> answers, CancellationToken cancellation)
    {
        var size = ServoFrame.SyncRead(request, address, length, ids);
        var patience = timing.Exchange(size, ids.Length * (ServoFrame.EmptySize + length), ids.Length) + timing.SyncAllowance;
        answers[..ids.Length].Clear();
        Send(size, length, patience, awaitLate: false, cancellation);
        var last = -1;
        var come = 0;
        var garbage = line.Garbage;
        while (come < ids.Length && line.TryNext(out var frame, cancellation))
        {
            var index = ids.IndexOf(frame.Id);
            if (index < 0 || frame.Data.Length != length)
            {
                staleAnswers++;
                continue;
            }

            if (index <= last)
                come -= TakeBack(answers[index..(last + 1)]);
            else if (line.Garbage > garbage)
                answers[(last + 1)..index].Fill(new ServoAnswer(AnswerStatus.Corrupt));
            garbage = line.Garbage;
            frame.Data.CopyTo(data[(index * length)..]);
            answers[index] = new ServoAnswer(AnswerStatus.Ok, frame.Errors);
            last = index;
            come++;
            if (last == ids.Length - 1)
                line.Hasten(Grace);
        }

        if (line.Garbage > garbage)
            answers[(last + 1)..ids.Length].Fill(new ServoAnswer(AnswerStatus.Corrupt));
        return Count(answers[..ids.Length]);
    }

    /// <summary>Writes to the same registers of several servos in one frame, which nobody acknowledges.</summary>
    public void SyncWrite(byte address, byte length, ReadOnlySpan<byte> ids, ReadOnlySpan<byte> data, CancellationToken cancellation) =>
        SendUnanswered(ServoFrame.SyncWrite(request, address, length, ids, data), cancellation);

    /// <summary>Writes one value to a register of every servo on the bus in one frame, which nobody acknowledges.</summary>
    public void Broadcast(Register register, int value, CancellationToken cancellation)
    {
        Span<byte> data = stackalloc byte[register.Size];
        register.Encode(value, data);
        SendUnanswered(ServoFrame.Write(request, ServoFrame.Broadcast, register.Address, data), cancellation);
    }

    private ServoAnswer Exchange(byte id, int size, Span<byte> data, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(id, ServoFrame.MaxId);
        var answer = Once(id, size, data, cancellation);
        var (began, stale, missing) = (line.SentAt, line.StaleBytes, 0);
        for (var retry = 0; retry < timing.Retries && !answer.IsOk; retry++)
        {
            retries++;
            missing += answer.Status == AnswerStatus.Silent ? 1 : 0;
            answer = Once(id, size, data, cancellation);
        }

        missing += answer.Status == AnswerStatus.Silent ? 1 : 0;
        // An answer to a retry may be that to the request before it, and that of the retry still come, as late again.
        if ((missing * (ServoFrame.EmptySize + data.Length)) - (line.StaleBytes - stale) is var owed and > 0)
            line.Owe(owed, answer.IsOk ? time.GetElapsedTime(began) : timing.LateAllowance);
        return answer;
    }

    private ServoAnswer Once(byte id, int size, Span<byte> data, CancellationToken cancellation)
    {
        var patience = timing.Exchange(size, ServoFrame.EmptySize + data.Length, 1) + timing.AnswerAllowance;
        Send(size, data.Length, patience, awaitLate: true, cancellation);
        var garbage = line.Garbage;
        while (line.TryNext(out var frame, cancellation))
        {
            if (frame.Id != id || frame.Data.Length != data.Length)
            {
                staleAnswers++;
                continue;
            }

            frame.Data.CopyTo(data);
            line.End(answerOwed: false);
            return new ServoAnswer(AnswerStatus.Ok, frame.Errors);
        }

        Span<ServoAnswer> missing = [new ServoAnswer(line.Garbage > garbage ? AnswerStatus.Corrupt : AnswerStatus.Silent)];
        Count(missing);
        return missing[0];
    }

    private void Send(int size, int data, TimeSpan patience, bool awaitLate, CancellationToken cancellation)
    {
        line.Send(request.AsSpan(0, size), data, patience, awaitLate, cancellation);
        requests++;
    }

    private void SendUnanswered(int size, CancellationToken cancellation)
    {
        Send(size, 0, TimeSpan.Zero, awaitLate: false, cancellation);
        line.End(answerOwed: false);
    }

    private int TakeBack(Span<ServoAnswer> answers)
    {
        var taken = 0;
        foreach (ref var answer in answers)
        {
            if (answer.IsOk)
                taken++;
            answer = default;
        }

        staleAnswers += taken;
        return taken;
    }

    /// <summary>Counts what came and what did not, and ends the transaction.</summary>
    private int Count(ReadOnlySpan<ServoAnswer> answers)
    {
        var ok = 0;
        foreach (var answer in answers)
        {
            if (answer.IsOk)
                ok++;
            else if (answer.Status == AnswerStatus.Corrupt)
                corrupt++;
            else
                timeouts++;
        }

        line.End(answerOwed: ok < answers.Length);
        return ok;
    }
}

/// <summary>How long the bus waits and how often it asks again.</summary>
public sealed record BusTiming
{
    /// <summary>What an SO-100 or SO-101 arm needs.</summary>
    public static BusTiming Default { get; } = new();

    /// <summary>Bits per second; ten of them carry a byte.</summary>
    public int Baud { get; init; } = 1_000_000;

    /// <summary>Wait for the answer of one servo, beyond its time on the wire. 50 ms is what LeRobot and the vendor's newer SDK
    /// give.</summary>
    public TimeSpan AnswerAllowance { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Silence of the line after a servo answered none of the tries, unless all answers come sooner.</summary>
    public TimeSpan LateAllowance { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Wait for the answers of a sync read, beyond their time on the wire: a few frames of full-speed USB, which has one each
    /// millisecond. Short, because in a loop the next tick is the better retry.</summary>
    public TimeSpan SyncAllowance { get; init; } = TimeSpan.FromMilliseconds(4);

    /// <summary>Longest wait of a servo before it answers (register 7 as delivered by some makers: 250 × 2 µs).</summary>
    public TimeSpan ReturnDelay { get; init; } = TimeSpan.FromMicroseconds(500);

    /// <summary>How often a ping, read or acknowledged write is sent again when its answer does not come or is corrupt.</summary>
    public int Retries { get; init; } = 2;

    internal TimeSpan OnWire(int bytes) => TimeSpan.FromMicroseconds(bytes * 10_000_000.0 / Baud);

    /// <summary>Time for a request and its answers: the wire, three bytes' slack (as LeRobot has it), the servos' own delay.</summary>
    internal TimeSpan Exchange(int request, int answers, int servos) => OnWire(request + answers + 3) + ReturnDelay * servos;
}

/// <summary>One half-duplex line: sends a request when the line is free of what belongs to earlier ones, then gives the frames that
/// come in until a deadline. Frames carry no number, so an answer that comes after its request was given up looks like an answer to the
/// next. Hence: input is thrown away before each request; after an answer failed to come, a request to one servo first waits until it
/// must have come: as long as the servo took for the answer it gave at last, or <see cref="BusTiming.LateAllowance"/> where it gave none.
/// Sync reads do not wait; see <see cref="FeetechBus.SyncRead"/>.</summary>
internal sealed class BusLine(ISerialLink link, BusTiming timing, TimeProvider time)
{
    // More than a burst of six whole health blocks; a line that babbles on beyond is not waited for.
    private const int MostDiscarded = 4096;
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(2);

    private readonly StatusParser parser = new();
    private readonly byte[] input = new byte[512];
    private int from;
    private int to;
    private bool interrupted;
    private long lateUntil;
    private long owed;
    private long latest;
    private long deadline;

    public long SentAt { get; private set; }
    public long StaleBytes { get; private set; }
    public long Garbage => parser.Skipped;

    /// <summary>Sends a request and sets the deadline for its answers.</summary>
    /// <param name="data">Bytes of data in each answer.</param>
    /// <param name="patience">Time from now in which answers are taken.</param>
    /// <param name="awaitLate">Whether to wait first for answers that earlier requests are still owed.</param>
    public void Send(ReadOnlySpan<byte> request, int data, TimeSpan patience, bool awaitLate, CancellationToken cancellation)
    {
        Clear(awaitLate, cancellation);
        parser.Reset(data);
        interrupted = true;
        link.Write(request, cancellation);
        SentAt = time.GetTimestamp();
        deadline = latest = SentAt + Stamps(patience);
    }

    /// <summary>Waits for further frames no longer than this from now.</summary>
    public void Hasten(TimeSpan patience) => deadline = Math.Min(latest, time.GetTimestamp() + Stamps(patience));

    public bool TryNext(out StatusFrame frame, CancellationToken cancellation)
    {
        while (true)
        {
            var input = this.input.AsSpan(from..to);
            ReadOnlySpan<byte> rest = input;
            var found = parser.TryRead(ref rest, out frame);
            from = to - rest.Length;
            if (found)
                return true;
            var left = time.GetElapsedTime(time.GetTimestamp(), deadline);
            if (left <= TimeSpan.Zero)
                return parser.TryReadBehindPartial(out frame);
            Fill(left, cancellation);
            // Once an answer has begun to come, the rest follows within a few USB frames.
            if (to > 0)
                Hasten(timing.SyncAllowance + timing.OnWire(ServoFrame.MaxSize));
        }
    }

    /// <summary>Ends a transaction; tells whether an answer to it may still come.</summary>
    public void End(bool answerOwed)
    {
        interrupted = false;
        if (answerOwed)
            Owe(long.MaxValue, timing.AnswerAllowance);
    }

    /// <summary>Expects answers that are late: as many bytes, for so long from now.</summary>
    public void Owe(long bytes, TimeSpan within) => (owed, lateUntil) = (bytes, time.GetTimestamp() + Stamps(within));

    /// <summary>Makes the line free: a request sent into an answer would collide with it.</summary>
    private void Clear(bool awaitLate, CancellationToken cancellation)
    {
        StaleBytes += to - from;
        var most = StaleBytes + MostDiscarded;
        if (interrupted)
        {
            while (Discard(Quiet, cancellation) && StaleBytes < most)
            {
            }

            End(answerOwed: true);
        }

        while (Discard(awaitLate ? LateAnswers() : TimeSpan.Zero, cancellation) && StaleBytes < most)
        {
            if ((owed -= to) <= 0)
                lateUntil = 0;
        }

        from = to = 0;
    }

    private TimeSpan LateAnswers() => time.GetElapsedTime(time.GetTimestamp(), lateUntil);

    private bool Discard(TimeSpan wait, CancellationToken cancellation)
    {
        Fill(wait, cancellation);
        StaleBytes += to;
        return to > 0;
    }

    private void Fill(TimeSpan wait, CancellationToken cancellation)
    {
        from = to = 0;
        to = link.Read(input, wait, cancellation);
    }

    private long Stamps(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
