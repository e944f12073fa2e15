using Armada.Devices.Serial.Posix;

namespace Armada.Devices.Serial;

/// <summary>Which adapter opens the serial ports of this machine.</summary>
public static class SerialPorts
{
    /// <summary>Linux has termios, which is quicker and allocates nothing; every other system, and Linux on request, has System.IO.Ports.</summary>
    /// <param name="system">Whether to take System.IO.Ports on Linux too.</param>
    public static ISerialPorts Create(bool system = false) =>
        OperatingSystem.IsLinux() && !system ? new PosixSerialPorts() : new SystemSerialPorts();

    /// <summary>Names of the ports that an arm's adapter may have on this machine, in order.</summary>
    public static IReadOnlyList<string> Names()
    {
        string[] found =
            OperatingSystem.IsLinux() ? [.. Devices("ttyACM*"), .. Devices("ttyUSB*")]
            : OperatingSystem.IsMacOS() ? [.. Devices("cu.usb*")]
            : System.IO.Ports.SerialPort.GetPortNames();
        return [.. found.Order(StringComparer.Ordinal)];

        static IEnumerable<string> Devices(string pattern) => Directory.EnumerateFiles("/dev", pattern);
    }
}
