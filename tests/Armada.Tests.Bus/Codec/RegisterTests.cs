using Armada.Devices.ServoBus;
using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Bus.Codec;

public class RegisterTests
{
    [Fact]
    public void Signed_registers_are_sign_magnitude()
    {
        AssertOnWire(Sts3215.HomingOffset, -710, 0xC6, 0x0A);
        AssertOnWire(Sts3215.HomingOffset, 1625, 0x59, 0x06);
        AssertOnWire(Sts3215.PresentPosition, -100, 0x64, 0x80);
        AssertOnWire(Sts3215.GoalPosition, -11, 0x0B, 0x80);
        AssertOnWire(Sts3215.PresentLoad, -1023, 0xFF, 0x07);
        AssertOnWire(Sts3215.ModelNumber, 777, 0x09, 0x03);
    }

    [Fact]
    public void Bits_above_the_sign_are_ignored() => Assert.Equal(-710, Sts3215.HomingOffset.Decode([0xC6, 0xFA]));

    [Theory]
    [InlineData(31, 2048)]
    [InlineData(31, -2048)]
    [InlineData(42, 32768)]
    [InlineData(9, -1)]
    [InlineData(9, 65536)]
    [InlineData(40, 256)]
    public void A_value_a_register_cannot_hold_is_an_error_that_names_it(int address, int value)
    {
        var register = Sts3215.At(address)!.Value;
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => register.Encode(value, new byte[2]));
        Assert.Contains(register.Name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_value_a_register_can_hold_comes_back()
    {
        var registers = Sts3215.All.ToArray();
        Prop.ForAll<int, int>((pick, number) =>
        {
            var register = registers[Math.Abs(pick % registers.Length)];
            var value = register.Minimum + (int)((uint)number % (uint)(register.Maximum - register.Minimum + 1));
            var wire = new byte[2];
            register.Encode(value, wire);
            return register.Decode(wire) == value;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Registers_lie_in_order_without_overlap_and_are_found_by_address()
    {
        var end = 0;
        foreach (var register in Sts3215.All)
        {
            Assert.True(register.Address >= end, $"{register} overlaps the one before");
            Assert.Equal(register, Sts3215.At(register.Address));
            Assert.InRange(register.Default, register.Minimum, register.Maximum);
            end = register.Address + register.Size;
        }

        Assert.Equal(Sts3215.ImageSize, end);
        Assert.Null(Sts3215.At(4));
        Assert.Null(Sts3215.At(-1));
        Assert.Null(Sts3215.At(Sts3215.ImageSize));
    }

    private static void AssertOnWire(Register register, int value, params byte[] wire)
    {
        var written = new byte[2];
        register.Encode(value, written);
        Assert.Equal(wire, written);
        Assert.Equal(value, register.Decode(wire));
    }
}
