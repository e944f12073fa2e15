using Armada.Devices.Serial.Posix;

namespace Armada.Devices.Serial;

/// <summary>Which adapter opens the serial ports of this machine, and what they are called.</summary>
public static class SerialPorts
{
    /// <summary>Linux has termios, which is quicker and allocates nothing; every other system, and Linux on request, has System.IO.Ports.</summary>
    /// <param name="system">Whether to take System.IO.Ports on Linux too.</param>
    public static ISerialPorts Create(bool system = false) =>
        OperatingSystem.IsLinux() && !system ? new PosixSerialPorts() : new SystemSerialPorts();

    /// <summary>Names of the ports that an arm's adapter may have on this machine, in order: those that stay the same where there are
    /// such.</summary>
    public static IReadOnlyList<string> Names()
    {
        string[] found =
            OperatingSystem.IsLinux() ? [.. Enumerated("/").Select(port => StableNameOf(port))]
            : OperatingSystem.IsMacOS() ? Directory.GetFiles("/dev", "cu.usb*")
            : System.IO.Ports.SerialPort.GetPortNames();
        return [.. found.Order(StringComparer.Ordinal)];
    }

    /// <summary>Whether two names are of one port.</summary>
    public static bool AreSame(string port, string other) => TargetOf(port) == TargetOf(other);

    /// <summary>The name by which a port of Linux is found again after a restart: by the serial number of its adapter or, where that has none
    /// or the same as another's, by the socket it is plugged into. The name given where there is no better one.</summary>
    /// <param name="root">Of the file system.</param>
    public static string StableNameOf(string port, string root = "/")
    {
        if (!OperatingSystem.IsLinux() || !Enumerated(root).Contains(port))
            return port;
        var serial = SerialOf(port, root);
        var isUnique = serial is not null && Enumerated(root).Count(other => SerialOf(other, root) == serial) == 1;
        return (isUnique ? LinkTo(port, Path.Combine(root, "dev/serial/by-id")) : null) ?? LinkTo(port, Path.Combine(root, "dev/serial/by-path")) ?? port;
    }

    private static IEnumerable<string> Enumerated(string root) =>
        Directory.EnumerateFiles(Path.Combine(root, "dev"), "ttyACM*").Concat(Directory.EnumerateFiles(Path.Combine(root, "dev"), "ttyUSB*"));

    private static string? LinkTo(string port, string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal).FirstOrDefault(link => TargetOf(link) == port) : null;

    private static string TargetOf(string port) =>
        new FileInfo(port) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName : Path.GetFullPath(port);

    /// <summary>The serial number of the USB device that a port belongs to; null where it has none.</summary>
    private static string? SerialOf(string port, string root)
    {
        var node = new DirectoryInfo(Path.Combine(root, "sys/class/tty", Path.GetFileName(port)));
        for (var at = node.ResolveLinkTarget(returnFinalTarget: true) as DirectoryInfo; at is not null; at = at.Parent)
        {
            if (!File.Exists(Path.Combine(at.FullName, "idVendor")))
                continue;
            var file = Path.Combine(at.FullName, "serial");
            return File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } serial ? serial : null;
        }

        return null;
    }
}
