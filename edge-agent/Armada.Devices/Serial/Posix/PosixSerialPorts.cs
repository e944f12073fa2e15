using System.Runtime.InteropServices;
using static Armada.Devices.Serial.Posix.Libc;

namespace Armada.Devices.Serial.Posix;

/// <summary>
/// Opens serial ports on Linux. Exclusive twice over: an advisory lock, which holds against root and other programs that
/// lock, and the terminal's exclusive mark, which holds against everybody but root.
/// </summary>
public sealed class PosixSerialPorts : ISerialPorts
{
    private const uint EightBits = 0x30;
    private const uint ReceiverOn = 0x80;
    private const uint NoModemLines = 0x800;
    private const uint SpeedAsNumber = 0x1000;
    private const int MinimumIndex = 6;
    private const int TimeIndex = 5;

    /// <inheritdoc/>
    public ISerialLink Open(string port, int baud)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(baud);
        var descriptor = Libc.Open(port, ReadWrite | NoControllingTerminal | NonBlocking | CloseOnExec);
        if (descriptor.IsInvalid)
            throw NotOpened(port, Marshal.GetLastPInvokeError());
        try
        {
            if (Lock(descriptor, LockExclusive | LockNonBlocking) != 0)
                throw Busy(port);
            SetLine(descriptor, port, (uint)baud);
            _ = Control(descriptor, SetExclusive, 0);
            return new PosixSerialLink(port, descriptor);
        }
        catch
        {
            descriptor.Dispose();
            throw;
        }
    }

    /// <summary>Raw, 8N1, no flow control, and the speed read back: a driver may take another one in silence.</summary>
    private static unsafe void SetLine(Descriptor descriptor, string port, uint baud)
    {
        var line = default(Termios2);
        if (Control(descriptor, GetTermios2, ref line) != 0)
            throw Unusable(port, "it is not a serial port");
        line.Input = 0;
        line.Output = 0;
        line.Local = 0;
        line.Control = EightBits | ReceiverOn | NoModemLines | SpeedAsNumber;
        line.Characters[MinimumIndex] = 1;
        line.Characters[TimeIndex] = 0;
        line.InputSpeed = baud;
        line.OutputSpeed = baud;
        var set = Control(descriptor, SetTermios2, ref line) == 0 && Control(descriptor, GetTermios2, ref line) == 0;
        if (!set || line.OutputSpeed != baud)
            throw Unusable(port, $"it does not run at {baud} bit/s: is it the servo adapter?");
    }

    private static SerialOpenException NotOpened(string port, int errno) => errno switch
    {
        Errno.NoEntry or Errno.NotADirectory or Errno.NoDevice or Errno.NoDeviceOrAddress =>
            new(SerialOpenFailure.Missing, $"{port} does not exist: {WhatThereIs()}"),
        Errno.AccessDenied or Errno.NotPermitted =>
            new(SerialOpenFailure.Denied, $"{port} may not be opened: add the user to the group dialout and log in again"),
        Errno.Busy => Busy(port),
        _ => Unusable(port, Marshal.GetPInvokeErrorMessage(errno)),
    };

    private static SerialOpenException Busy(string port) =>
        new(SerialOpenFailure.Busy, $"{port} is busy: another program has it, stop that one first");

    private static SerialOpenException Unusable(string port, string why) =>
        new(SerialOpenFailure.Unusable, $"{port} cannot be used: {why}");

    private static string WhatThereIs()
    {
        string[] ports = [.. Directory.EnumerateFiles("/dev", "ttyACM*"), .. Directory.EnumerateFiles("/dev", "ttyUSB*")];
        return ports is []
            ? "no adapter is plugged in (there is no /dev/ttyACM* or /dev/ttyUSB*)"
            : $"there are {string.Join(", ", ports.Order(StringComparer.Ordinal))}";
    }
}
