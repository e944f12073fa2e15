using Armada.Devices.Serial;

namespace Armada.Devices.ServoBus;

/// <summary>
/// One half-duplex line: sends a request when the line is free of what belongs to earlier ones, then gives the frames that
/// come in until a deadline. Frames carry no number, so an answer that comes after its request was given up looks like an
/// answer to the next. Hence: input is thrown away before each request; after an answer failed to come, a request to one
/// servo first waits for as long again (<see cref="BusTiming.AnswerAllowance"/>). What remains possible is an answer more
/// than twice the allowance late. Sync reads do not wait; see <see cref="FeetechBus.SyncRead"/>.
/// </summary>
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
    private long latest;
    private long deadline;

    public long StaleBytes { get; private set; }

    /// <summary>Bytes that made no valid frame so far.</summary>
    public long Garbage => parser.Skipped;

    /// <summary>Sends a request and sets the deadline for its answers.</summary>
    /// <param name="request">The frame.</param>
    /// <param name="data">Bytes of data in each answer.</param>
    /// <param name="patience">Time from now in which answers are taken.</param>
    /// <param name="awaitLate">Whether to wait first for answers that earlier requests are still owed.</param>
    /// <param name="cancellation">Ends waiting.</param>
    public void Send(ReadOnlySpan<byte> request, int data, TimeSpan patience, bool awaitLate, CancellationToken cancellation)
    {
        Clear(awaitLate, cancellation);
        parser.Reset(data);
        interrupted = true;
        link.Write(request, cancellation);
        deadline = latest = time.GetTimestamp() + Stamps(patience);
    }

    /// <summary>Waits for further frames no longer than this from now.</summary>
    public void Hasten(TimeSpan patience) => deadline = Math.Min(latest, time.GetTimestamp() + Stamps(patience));

    /// <summary>The next frame before the deadline.</summary>
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
            lateUntil = time.GetTimestamp() + Stamps(timing.AnswerAllowance);
    }

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
