using System.Buffers.Binary;

namespace Armada.Devices.ServoBus;

public enum RegisterArea : byte
{
    Eeprom, // Kept over a power cycle when written with Lock = 0. Wears: write only what differs.
    Ram, // Lost at a power cycle.
    Factory, // Set by the maker.
}

public enum RegisterAccess : byte
{
    ReadWrite, // Read and write.
    ReadOnly, // Read.
}

/// <summary>One register of a servo, little-endian when it has two bytes. A signed one is sign-magnitude, not two's complement: the
/// magnitude, and bit <paramref name="SignBit"/> set below zero; higher bits are ignored when read.</summary>
/// <param name="Size">1 or 2 bytes.</param>
/// <param name="Default">Value at delivery or, in RAM, at power-up (vendor's memory table 3.7, 7.4 V model).</param>
/// <param name="SignBit">Bit of the sign; null when unsigned.</param>
public readonly record struct Register(
    string Name,
    byte Address,
    byte Size,
    RegisterArea Area,
    RegisterAccess Access = RegisterAccess.ReadWrite,
    int Default = 0,
    byte? SignBit = null)
{
    public int Maximum => SignBit is { } bit ? (1 << bit) - 1 : (1 << (8 * Size)) - 1;
    public int Minimum => SignBit is null ? 0 : -Maximum;

    /// <param name="value">From <see cref="Minimum"/> to <see cref="Maximum"/>.</param>
    /// <param name="destination">At least <see cref="Size"/> bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The register cannot hold the value.</exception>
    public void Encode(int value, Span<byte> destination)
    {
        if (value < Minimum || value > Maximum)
            throw new ArgumentOutOfRangeException(nameof(value), value, $"{Name} holds {Minimum} to {Maximum}");
        var raw = value < 0 ? -value | (1 << SignBit!.Value) : value;
        if (Size == 1)
            destination[0] = (byte)raw;
        else
            BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)raw);
    }

    /// <param name="source">At least <see cref="Size"/> bytes.</param>
    public int Decode(ReadOnlySpan<byte> source)
    {
        int raw = Size == 1 ? source[0] : BinaryPrimitives.ReadUInt16LittleEndian(source);
        if (SignBit is not { } bit)
            return raw;
        var magnitude = raw & ((1 << bit) - 1);
        return (raw & (1 << bit)) == 0 ? magnitude : -magnitude;
    }

    public override string ToString() => $"{Name} ({Address})";
}
