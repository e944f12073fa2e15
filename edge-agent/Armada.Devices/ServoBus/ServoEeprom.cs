namespace Armada.Devices.ServoBus;

/// <summary>The EEPROM of one servo, read in one block, twice and the same. No other answer has its length, so that a late one cannot be
/// taken for it: what it says may decide about torque and about what is written.</summary>
public sealed class ServoEeprom
{
    private const int Tries = 3;

    private readonly byte[] image;

    private ServoEeprom(byte[] image, ServoErrors errors) => (this.image, Errors) = (image, errors);

    /// <summary>The condition that the servo reported with it.</summary>
    public ServoErrors Errors { get; }

    public string Firmware => $"{this[Sts3215.FirmwareMajorVersion]}.{this[Sts3215.FirmwareMinorVersion]}";

    public int this[Register register] => register.Decode(image.AsSpan(register.Address));

    /// <returns>Null where the servo does not answer, or does not answer twice the same.</returns>
    public static ServoEeprom? TryRead(FeetechBus bus, byte id, CancellationToken cancellation)
    {
        var (block, before) = (new byte[Sts3215.TorqueEnable.Address], new byte[Sts3215.TorqueEnable.Address]);
        for (var read = 0; read < Tries; read++)
        {
            var answer = bus.Read(id, address: 0, block, cancellation);
            if (!answer.IsOk)
                return null;
            if (read > 0 && block.AsSpan().SequenceEqual(before))
                return new ServoEeprom(block, answer.Errors);
            (block, before) = (before, block);
        }

        return null;
    }
}
