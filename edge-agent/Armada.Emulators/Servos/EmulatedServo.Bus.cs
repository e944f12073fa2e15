using System.Buffers.Binary;
using Armada.Devices.ServoBus;

namespace Armada.Emulators.Servos;

public sealed partial class EmulatedServo
{
    // Restart time as one vendor manual gives it.
    private static readonly TimeSpan RestartTime = TimeSpan.FromMilliseconds(800);

    private readonly byte[] held = new byte[ServoFrame.MaxSize];
    private readonly byte[] answer = new byte[ServoFrame.MaxSize];
    private TimeSpan restart;
    private byte heldAddress;
    private int heldLength;

    /// <summary>The wait before it answers, microseconds: two for each unit of the register, and never less than two.</summary>
    public int ReturnDelay => 2 * Math.Max(1, registers[Sts3215.ReturnDelayTime]);

    /// <summary>Does what an instruction to this servo or to all asks.</summary>
    /// <param name="instruction">What. One it does not know, or with parameters that make no sense, is passed over in silence.</param>
    /// <param name="parameters">With what.</param>
    /// <param name="toAll">It was a broadcast, which is not answered, but for a ping.</param>
    /// <param name="reply">Where the answer goes, at least <see cref="ServoFrame.MaxSize"/> bytes.</param>
    /// <returns>Bytes of the answer; 0 for none.</returns>
    public int Execute(Instruction instruction, ReadOnlySpan<byte> parameters, bool toAll, Span<byte> reply)
    {
        // An answer to a change of id still comes from the old one.
        var id = Id;
        if (instruction == Instruction.Read)
            return parameters.Length == 2 && !toAll ? Read(parameters[0], parameters[1], reply) : 0;
        var isPing = instruction == Instruction.Ping;
        if (!isPing && !Do(instruction, parameters))
            return 0;
        var answers = isPing || (!toAll && instruction != Instruction.Reboot && registers[Sts3215.ResponseStatusLevel] != 0);
        return answers ? ServoFrame.Status(reply, id, Errors, []) : 0;
    }

    /// <summary>Answers with registers.</summary>
    /// <param name="address">First register.</param>
    /// <param name="length">Bytes; more than a frame holds is passed over in silence.</param>
    /// <param name="reply">Where the answer goes.</param>
    /// <returns>Bytes of the answer.</returns>
    public int Read(byte address, byte length, Span<byte> reply)
    {
        if (length > ServoFrame.MaxSize - ServoFrame.EmptySize)
            return 0;
        var data = answer.AsSpan(0, length);
        registers.Read(address, data);
        return ServoFrame.Status(reply, Id, Errors, data);
    }

    /// <summary>Writes registers, unanswered, as in a sync write.</summary>
    /// <param name="address">First register.</param>
    /// <param name="data">Bytes.</param>
    public void Write(byte address, ReadOnlySpan<byte> data)
    {
        var (id, torque) = (Id, registers[Sts3215.TorqueEnable]);
        registers.Write(address, data);
        if (Id > ServoFrame.MaxId)
            registers.Store(Sts3215.Id, id);
        if (address <= Sts3215.TorqueEnable.Address && address + data.Length > Sts3215.TorqueEnable.Address)
            TorqueWritten(before: torque);
        Publish();
    }

    private bool Do(Instruction instruction, ReadOnlySpan<byte> parameters)
    {
        switch (instruction)
        {
            case Instruction.Write when parameters.Length >= 2:
                Write(parameters[0], parameters[1..]);
                return true;
            case Instruction.RegWrite when parameters.Length >= 2:
                heldAddress = parameters[0];
                heldLength = parameters.Length - 1;
                parameters[1..].CopyTo(held);
                Publish();
                return true;
            case Instruction.Action:
                var length = heldLength;
                heldLength = 0;
                if (length > 0)
                    Write(heldAddress, held.AsSpan(0, length));
                return true;
            case Instruction.Reboot:
                PowerUp();
                restart = RestartTime;
                return true;
            case Instruction.Backup:
                registers.Save();
                return true;
            case Instruction.Recovery:
                registers.Restore();
                Publish();
                return true;
            case Instruction.Reset:
                CountTurnsFromHere();
                Publish();
                return true;
            case Instruction.OffsetCalibrate when parameters.Length is 0 or 2:
                ReadHereAs(parameters.Length == 0 ? Middle : BinaryPrimitives.ReadUInt16LittleEndian(parameters));
                return true;
            default:
                return false;
        }
    }

    private void TorqueWritten(int before)
    {
        var written = registers[Sts3215.TorqueEnable];
        if (written == MiddleHere)
        {
            registers[Sts3215.TorqueEnable] = before;
            ReadHereAs(Middle);
        }
        else if (written != before)
        {
            motion.Halt();
            if (written == 1)
                protection.Clear();
        }
    }
}
