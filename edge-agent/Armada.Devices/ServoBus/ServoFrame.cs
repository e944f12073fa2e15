namespace Armada.Devices.ServoBus;

/// <summary>Servo-bus frames to bytes: <c>FF FF id length instruction-or-errors parameters checksum</c>, where length counts what
/// follows it and the checksum is the complement of the sum of everything between header and checksum.</summary>
public static class ServoFrame
{
    public const byte MaxId = 253;

    /// <summary>The id that addresses every servo.</summary>
    public const byte Broadcast = 0xFE;

    /// <summary>The largest frame the host may send, in bytes (the vendor SDK's limit).</summary>
    public const int MaxSize = 250;

    /// <summary>Bytes of a frame without parameters, such as a ping or an acknowledgement.</summary>
    public const int EmptySize = 6;

    /// <summary>The largest value of the length byte that is believed.</summary>
    internal const int MaxLength = 250;

    private const byte Header = 0xFF;

    /// <returns>Bytes written, here and in every method below.</returns>
    public static int Ping(Span<byte> destination, byte id) => Instruct(destination, id, Instruction.Ping, []);

    public static int Read(Span<byte> destination, byte id, byte address, byte length) =>
        Instruct(destination, id, Instruction.Read, [address, length]);

    public static int Write(Span<byte> destination, byte id, byte address, ReadOnlySpan<byte> data) =>
        AddressAndData(destination, id, Instruction.Write, address, data);

    public static int RegWrite(Span<byte> destination, byte id, byte address, ReadOnlySpan<byte> data) =>
        AddressAndData(destination, id, Instruction.RegWrite, address, data);

    public static int Action(Span<byte> destination) => Instruct(destination, Broadcast, Instruction.Action, []);

    /// <summary>Writes a sync read of the same registers of several servos, which answer in the order of <paramref name="ids"/>.</summary>
    public static int SyncRead(Span<byte> destination, byte address, byte length, ReadOnlySpan<byte> ids)
    {
        ThrowIfNotServos(ids);
        var parameters = Begin(destination, Broadcast, (byte)Instruction.SyncRead, 2 + ids.Length);
        parameters[0] = address;
        parameters[1] = length;
        ids.CopyTo(parameters[2..]);
        return End(destination);
    }

    /// <summary>Writes a sync write: each servo's own bytes to the same registers of several servos.</summary>
    /// <param name="data">The bytes, servo by servo: ids × length of them.</param>
    public static int SyncWrite(Span<byte> destination, byte address, byte length, ReadOnlySpan<byte> ids, ReadOnlySpan<byte> data)
    {
        ThrowIfNotServos(ids);
        ArgumentOutOfRangeException.ThrowIfNotEqual(data.Length, ids.Length * length, nameof(data));
        var parameters = Begin(destination, Broadcast, (byte)Instruction.SyncWrite, 2 + ids.Length * (1 + length));
        parameters[0] = address;
        parameters[1] = length;
        parameters = parameters[2..];
        foreach (var id in ids)
        {
            parameters[0] = id;
            data[..length].CopyTo(parameters[1..]);
            data = data[length..];
            parameters = parameters[(1 + length)..];
        }

        return End(destination);
    }

    /// <exception cref="ArgumentOutOfRangeException">The id is 255, or the frame would be over <see cref="MaxSize"/>.</exception>
    public static int Instruct(Span<byte> destination, byte id, Instruction instruction, ReadOnlySpan<byte> parameters)
    {
        parameters.CopyTo(Begin(destination, id, (byte)instruction, parameters.Length));
        return End(destination);
    }

    public static int Status(Span<byte> destination, byte id, ServoErrors errors, ReadOnlySpan<byte> data)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(id, MaxId);
        data.CopyTo(Begin(destination, id, (byte)errors, data.Length));
        return End(destination);
    }

    public static byte Checksum(ReadOnlySpan<byte> body)
    {
        var sum = 0;
        foreach (var b in body)
            sum += b;
        return (byte)~sum;
    }

    private static int AddressAndData(Span<byte> destination, byte id, Instruction instruction, byte address, ReadOnlySpan<byte> data)
    {
        var parameters = Begin(destination, id, (byte)instruction, 1 + data.Length);
        parameters[0] = address;
        data.CopyTo(parameters[1..]);
        return End(destination);
    }

    private static Span<byte> Begin(Span<byte> destination, byte id, byte code, int parameters)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(id, Broadcast);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(EmptySize + parameters, MaxSize, nameof(parameters));
        destination[0] = Header;
        destination[1] = Header;
        destination[2] = id;
        destination[3] = (byte)(parameters + 2);
        destination[4] = code;
        return destination.Slice(5, parameters);
    }

    private static int End(Span<byte> destination)
    {
        var size = destination[3] + 4;
        destination[size - 1] = Checksum(destination[2..(size - 1)]);
        return size;
    }

    private static void ThrowIfNotServos(ReadOnlySpan<byte> ids)
    {
        ArgumentOutOfRangeException.ThrowIfZero(ids.Length, nameof(ids));
        foreach (var id in ids)
            ArgumentOutOfRangeException.ThrowIfGreaterThan(id, MaxId, nameof(ids));
    }
}

/// <summary>What the host asks of a servo (STS/SMS series, "protocol 0").</summary>
public enum Instruction : byte
{
    Ping = 0x01, // Answer with an empty status frame. The one broadcast that is answered.
    Read = 0x02, // Read registers: address, length.
    Write = 0x03, // Write registers: address, data.
    RegWrite = 0x04, // Hold a write until Action: address, data.
    Action = 0x05, // Carry out the held writes.
    Recovery = 0x06, // Restore the saved EEPROM set. Known from one vendor manual only: never sent by Armada.
    Reboot = 0x08, // Restart the servo. Known from one vendor manual only: never sent by Armada.
    Backup = 0x09, // Save the EEPROM set for Recovery. Known from one vendor manual only: never sent by Armada.
    Reset = 0x0A, // Clear the turn counter and the status; not a factory reset.
    OffsetCalibrate = 0x0B, // Make the present position read as 2048, or as the two-byte value given. Firmware 3.10 and later.
    SyncRead = 0x82, // Broadcast: each listed servo answers with its own status frame, in list order: address, length, ids.
    SyncWrite = 0x83, // Broadcast, unanswered: address, length, then an id and that many bytes for each servo.
}
