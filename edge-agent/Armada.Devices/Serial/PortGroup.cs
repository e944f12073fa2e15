using Armada.Devices.Serial.Posix;

namespace Armada.Devices.Serial;

/// <summary>The group whose members may open a port: dialout on Debian, uucp on Arch, and whatever a udev rule says.</summary>
internal static class PortGroup
{
    private const string Usual = "dialout";

    /// <summary>Its name, or its number where it has none; null where the port's mode gives a group nothing.</summary>
    public static string? Of(string port)
    {
        if (!OperatingSystem.IsLinux() || Libc.GroupOf(port) is not { } group)
            return Usual;
        return (File.GetUnixFileMode(port) & UnixFileMode.GroupWrite) == 0 ? null : NameOf(group);
    }

    private static string NameOf(uint group)
    {
        try
        {
            return File.ReadLines("/etc/group").Select(line => line.Split(':')).FirstOrDefault(entry => entry.Length > 2 && entry[2] == $"{group}")?[0] ?? $"{group}";
        }
        catch (IOException)
        {
            return $"{group}";
        }
    }
}
