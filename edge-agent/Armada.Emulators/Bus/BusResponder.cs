using Armada.Emulators.Arms;
using Armada.Emulators.Servos;

namespace Armada.Emulators.Bus;

/// <summary>Hands each instruction to the servos it is for and collects what they answer, faults included. Allocates nothing.</summary>
internal sealed class BusResponder(EmulatedArm arm, BusFaults faults, WriteJournal journal, LateAnswers late, long ticksPerSecond)
{
    private static readonly byte[] Zero = new byte[Sts3215.PresentPosition.Size];

    public void Answer(in InstructionFrame frame, long now, ReplyTrain train)
    {
        switch (frame.Instruction)
        {
            case Instruction.SyncRead:
                SyncRead(frame.Parameters, now, train);
                break;
            case Instruction.SyncWrite:
                SyncWrite(frame.Parameters, now);
                break;
            case Instruction.Ping when frame.Id == ServoFrame.Broadcast:
                for (var id = 0; id <= ServoFrame.MaxId; id++)
                    One((byte)id, frame, now, train);
                break;
            default:
                Journal(frame, now);
                if (frame.Id == ServoFrame.Broadcast)
                    All(frame, train);
                else
                    One(frame.Id, frame, now, train);
                break;
        }
    }

    private void One(byte id, in InstructionFrame frame, long now, ReplyTrain train)
    {
        if (Listening(id) is { } servo)
            Send(id, servo.ReturnDelay, servo.Execute(frame.Instruction, frame.Parameters, frame.Id == ServoFrame.Broadcast, train.Next), now, train);
    }

    private void All(in InstructionFrame frame, ReplyTrain train)
    {
        foreach (var servo in arm.Servos)
        {
            if (arm.IsPowered && !faults.IsSilent(servo.Id) && !servo.IsRestarting)
                servo.Execute(frame.Instruction, frame.Parameters, toAll: true, train.Next);
        }
    }

    private void SyncRead(ReadOnlySpan<byte> parameters, long now, ReplyTrain train)
    {
        if (parameters.Length < 3)
            return;
        foreach (var id in parameters[2..])
        {
            if (!train.HasRoom || Listening(id) is not { } servo)
                continue;
            var isMisread = parameters[0] == Sts3215.PresentPosition.Address && faults.TakeMisread(id);
            var length = isMisread
                ? ServoFrame.Status(train.Next, id, servo.Errors, Zero)
                : servo.Read(parameters[0], parameters[1], train.Next);
            Send(id, servo.ReturnDelay, length, now, train);
        }

        if (faults.TakePartial())
            train.BreakOff();
    }

    private void SyncWrite(ReadOnlySpan<byte> parameters, long now)
    {
        if (parameters.Length < 3 || parameters[1] == 0)
            return;
        var (address, length) = (parameters[0], parameters[1]);
        for (var rest = parameters[2..]; rest.Length > length; rest = rest[(1 + length)..])
        {
            var data = rest.Slice(1, length);
            journal.Add(RegisterWrite.From(now, rest[0], Instruction.SyncWrite, address, data));
            Listening(rest[0])?.Write(address, data);
        }
    }

    private EmulatedServo? Listening(byte id)
    {
        var servo = id > ServoFrame.MaxId || !arm.IsPowered || faults.IsSilent(id) || late.IsBusy(id) ? null : arm.At(id);
        return servo is { IsRestarting: true } ? null : servo;
    }

    private void Send(byte id, int delay, int length, long now, ReplyTrain train)
    {
        if (length == 0)
            return;
        var answer = train.Next[..length];
        if (faults.TakeCorrupt())
            answer[^1] ^= 0xFF;
        var lateBy = faults.LateBy(id);
        if (lateBy > TimeSpan.Zero)
            late.Add(id, answer, now + (long)(lateBy.TotalSeconds * ticksPerSecond));
        else
            train.Add(length, delay);
    }

    private void Journal(in InstructionFrame frame, long now)
    {
        if (frame.Instruction is Instruction.Write or Instruction.RegWrite && frame.Parameters.Length >= 2)
            journal.Add(RegisterWrite.From(now, frame.Id, frame.Instruction, frame.Parameters[0], frame.Parameters[1..]));
    }
}

/// <summary>The answers to one instruction, one behind the other, and the time they take on the wire.</summary>
internal sealed class ReplyTrain
{
    private readonly byte[] bytes = new byte[64 * 1024];
    private int length;

    /// <summary>Time of one byte at 1 Mbit/s, 8N1.</summary>
    public const int MicrosecondsPerByte = 10;

    public ReadOnlySpan<byte> Bytes => bytes.AsSpan(0, length);

    /// <summary>From the end of the instruction to the end of the last answer.</summary>
    public int Microseconds { get; private set; }

    public Span<byte> Next => bytes.AsSpan(length);
    public bool HasRoom => bytes.Length - length >= ServoFrame.MaxSize;

    public void Add(int length, int delay)
    {
        this.length += length;
        Microseconds += delay + (length * MicrosecondsPerByte);
    }

    public void BreakOff()
    {
        var kept = Math.Min((length / 2) + 3, Math.Max(0, length - 1));
        Microseconds -= (length - kept) * MicrosecondsPerByte;
        length = kept;
    }

    public void Clear() => (length, Microseconds) = (0, 0);
}

/// <summary>Answers of slow servos that are still to come, one for each servo.</summary>
internal sealed class LateAnswers
{
    private readonly List<Slot> slots = [];

    public long NextDue { get; private set; } = long.MaxValue;

    public bool IsBusy(byte id) => Find(id) is { Length: > 0 };

    public void Add(byte id, ReadOnlySpan<byte> answer, long due)
    {
        var slot = Find(id);
        if (slot is null)
            slots.Add(slot = new Slot(id));
        answer.CopyTo(slot.Bytes);
        (slot.Length, slot.Due) = (answer.Length, due);
        NextDue = Math.Min(NextDue, due);
    }

    public bool TryTake(long now, out ReadOnlySpan<byte> answer)
    {
        answer = default;
        if (now < NextDue)
            return false;
        NextDue = long.MaxValue;
        foreach (var slot in slots)
        {
            if (slot.Length > 0 && slot.Due <= now && answer.IsEmpty)
            {
                answer = slot.Bytes.AsSpan(0, slot.Length);
                slot.Length = 0;
            }
            else if (slot.Length > 0)
            {
                NextDue = Math.Min(NextDue, slot.Due);
            }
        }

        return !answer.IsEmpty;
    }

    private Slot? Find(byte id)
    {
        foreach (var slot in slots)
        {
            if (slot.Id == id)
                return slot;
        }

        return null;
    }

    private sealed class Slot(byte id)
    {
        public byte Id { get; } = id;

        public byte[] Bytes { get; } = new byte[ServoFrame.MaxSize];

        public int Length { get; set; }

        public long Due { get; set; }
    }
}
