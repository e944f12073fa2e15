using Armada.Devices.Serial;

namespace Armada.Devices.ServoBus;

/// <summary>
/// A bus of Feetech STS servos on a serial link. For one thread at a time; blocks; allocates nothing. A servo that is silent,
/// corrupt or in error is told by its <see cref="ServoAnswer"/> and disturbs no other. Every method throws
/// <see cref="SerialLostException"/> when the port is gone and <see cref="OperationCanceledException"/> when canceled.
/// </summary>
public sealed class FeetechBus
{
    // The last servo asked has answered: who was before it is silent, unless that answer was a late one of the last tick.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(2);

    private readonly ISerialLink link;
    private readonly BusTiming timing;
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
        line = new BusLine(link, this.timing, time ?? TimeProvider.System);
    }

    /// <summary>The port's name.</summary>
    public string Port => link.Port;

    /// <summary>What has happened so far. May be read from any thread.</summary>
    public BusCounters Counters => new(requests, timeouts, corrupt, retries, line.StaleBytes, staleAnswers);

    /// <summary>Asks whether a servo is there.</summary>
    public ServoAnswer Ping(byte id, CancellationToken cancellation) =>
        Exchange(id, ServoFrame.Ping(request, id), [], cancellation);

    /// <summary>Reads registers.</summary>
    /// <param name="id">The servo.</param>
    /// <param name="address">First register.</param>
    /// <param name="data">Where to, and how many bytes; untouched without an answer.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public ServoAnswer Read(byte id, byte address, Span<byte> data, CancellationToken cancellation) =>
        Exchange(id, ServoFrame.Read(request, id, address, (byte)data.Length), data, cancellation);

    /// <summary>Reads one register.</summary>
    public RegisterReading Read(byte id, Register register, CancellationToken cancellation)
    {
        Span<byte> data = stackalloc byte[register.Size];
        var answer = Read(id, register.Address, data, cancellation);
        return new RegisterReading(answer, answer.IsOk ? register.Decode(data) : 0);
    }

    /// <summary>Writes registers and waits for the acknowledgement.</summary>
    public ServoAnswer Write(byte id, byte address, ReadOnlySpan<byte> data, CancellationToken cancellation) =>
        Exchange(id, ServoFrame.Write(request, id, address, data), [], cancellation);

    /// <summary>Writes one register and waits for the acknowledgement.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The register cannot hold the value.</exception>
    public ServoAnswer Write(byte id, Register register, int value, CancellationToken cancellation)
    {
        Span<byte> data = stackalloc byte[register.Size];
        register.Encode(value, data);
        return Write(id, register.Address, data, cancellation);
    }

    /// <summary>
    /// Reads the same registers of several servos in one exchange, once: in a loop the next tick is the retry. Servos answer
    /// in the order asked; a frame of another length is not taken, and one that comes before that of a servo asked earlier is
    /// taken back as a late one. What remains possible: a late answer stands for a newer one to the same question.
    /// </summary>
    /// <param name="address">First register.</param>
    /// <param name="length">Bytes from each servo.</param>
    /// <param name="ids">The servos.</param>
    /// <param name="data">Where to, servo by servo: ids × length bytes. Bytes of a servo without an answer mean nothing.</param>
    /// <param name="answers">One for each servo.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>How many servos answered.</returns>
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
    /// <param name="address">First register.</param>
    /// <param name="length">Bytes for each servo.</param>
    /// <param name="ids">The servos.</param>
    /// <param name="data">The bytes, servo by servo.</param>
    /// <param name="cancellation">Ends the wait for the driver.</param>
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
        for (var retry = 0; retry < timing.Retries && !answer.IsOk; retry++)
        {
            retries++;
            answer = Once(id, size, data, cancellation);
        }

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
