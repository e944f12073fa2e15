using Armada.Devices.ServoBus;

namespace Armada.Devices.Arms;

/// <param name="IsKnown">Whether it answered; without, the rest means nothing.</param>
/// <param name="Velocity">Steps per second, with the sign of its direction.</param>
/// <param name="LoadPercent">PWM duty, −102.3 to 102.3.</param>
/// <param name="Errors">Register 65, and the error byte of the answer.</param>
public readonly record struct ServoTelemetry(
    bool IsKnown, int Velocity, double LoadPercent, double Volts, int Celsius, ServoErrors Errors, bool IsMoving)
{
    /// <summary>First register of the block that <see cref="Decode"/> reads.</summary>
    internal static byte Address => Sts3215.PresentPosition.Address;

    /// <summary>Bytes of the block: registers 56 to 70.</summary>
    internal const int BlockSize = 15;

    internal static ServoTelemetry Decode(ReadOnlySpan<byte> block, ServoErrors errors) => new(
        IsKnown: true,
        Of(block, Sts3215.PresentVelocity),
        Of(block, Sts3215.PresentLoad) / 10.0,
        Of(block, Sts3215.PresentVoltage) / 10.0,
        Of(block, Sts3215.PresentTemperature),
        errors | (ServoErrors)Of(block, Sts3215.Status),
        Of(block, Sts3215.Moving) != 0);

    private static int Of(ReadOnlySpan<byte> block, Register register) => register.Decode(block[(register.Address - Address)..]);
}
