using System.Buffers.Binary;
using Armada.Devices.ServoBus;

namespace Armada.Emulators.Bus;

/// <summary>A write that went over the bus to one servo or to all, whether or not they heard it.</summary>
/// <param name="Timestamp">When, as <see cref="TimeProvider.GetTimestamp"/>.</param>
/// <param name="Id">Which servo; <see cref="ServoFrame.Broadcast"/> for one write to all.</param>
/// <param name="Instruction">Write, held write or sync write.</param>
/// <param name="Address">First register.</param>
/// <param name="Length">How many bytes.</param>
/// <param name="Data">The first eight of them, the first one lowest.</param>
public readonly record struct RegisterWrite(long Timestamp, byte Id, Instruction Instruction, byte Address, byte Length, ulong Data)
{
    /// <summary>What a register was set to, or null if this write was of others.</summary>
    /// <param name="register">Of <see cref="Sts3215"/>.</param>
    public int? Of(in Register register)
    {
        var offset = register.Address - Address;
        if (offset < 0 || offset + register.Size > Math.Min((int)Length, sizeof(ulong)))
            return null;
        Span<byte> data = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(data, Data);
        return register.Decode(data[offset..]);
    }

    /// <summary>Whether it was the one write that takes the torque off every servo.</summary>
    public bool IsTorqueOffForAll => Id == ServoFrame.Broadcast && Of(Sts3215.TorqueEnable) == 0;

    internal static RegisterWrite From(long timestamp, byte id, Instruction instruction, byte address, ReadOnlySpan<byte> bytes)
    {
        Span<byte> data = stackalloc byte[sizeof(ulong)];
        data.Clear();
        bytes[..Math.Min(bytes.Length, data.Length)].CopyTo(data);
        return new RegisterWrite(timestamp, id, instruction, address, (byte)bytes.Length, BinaryPrimitives.ReadUInt64LittleEndian(data));
    }
}
