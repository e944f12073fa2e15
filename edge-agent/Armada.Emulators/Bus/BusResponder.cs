using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;
using Armada.Emulators.Faults;
using Armada.Emulators.Servos;

namespace Armada.Emulators.Bus;

/// <summary>Hands each instruction to the servos it is for and collects what they answer, faults included. Allocates nothing.</summary>
internal sealed class BusResponder(EmulatedArm arm, BusFaults faults, WriteJournal journal, LateAnswers late, long ticksPerSecond)
{
    /// <summary>Carries out one instruction; the caller holds the arm's gate.</summary>
    /// <param name="frame">What the host sent.</param>
    /// <param name="now">When.</param>
    /// <param name="train">Where the answers go.</param>
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
            if (!faults.IsSilent(servo.Id) && !servo.IsRestarting)
                servo.Execute(frame.Instruction, frame.Parameters, toAll: true, train.Next);
        }
    }

    private void SyncRead(ReadOnlySpan<byte> parameters, long now, ReplyTrain train)
    {
        if (parameters.Length < 3)
            return;
        foreach (var id in parameters[2..])
        {
            if (train.HasRoom && Listening(id) is { } servo)
                Send(id, servo.ReturnDelay, servo.Read(parameters[0], parameters[1], train.Next), now, train);
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
        var servo = id > ServoFrame.MaxId || faults.IsSilent(id) || late.IsBusy(id) ? null : arm.At(id);
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
