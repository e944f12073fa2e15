using Armada.Devices.Serial;

namespace Armada.Tests.Bus.Serial;

/// <summary>The names of ports, in a file system as udev and the kernel lay it out.</summary>
public sealed class SerialPortNameTests : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("armada-ports-");

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public void An_adapter_with_a_serial_number_of_its_own_is_named_by_it()
    {
        Plug("ttyACM0", "1-1", serial: "5AB9067929");
        Plug("ttyACM1", "1-2", serial: "5AB9067930");
        Assert.EndsWith("dev/serial/by-id/usb-1a86_USB_Single_Serial_5AB9067930", Name("ttyACM1"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("0001")]
    public void Adapters_without_serial_numbers_or_with_the_same_are_named_by_the_socket_they_are_plugged_into(string? serial)
    {
        Plug("ttyUSB0", "1-1", serial);
        Plug("ttyUSB1", "1-2", serial);
        Assert.EndsWith("dev/serial/by-path/usb-1-1", Name("ttyUSB0"), StringComparison.Ordinal);
        Assert.EndsWith("dev/serial/by-path/usb-1-2", Name("ttyUSB1"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_without_links_and_a_name_that_is_no_port_stay_as_they_are()
    {
        Plug("ttyACM0", "1-1", serial: "5AB9067929");
        Directory.Delete(At("dev/serial"), recursive: true);
        Assert.Equal(At("dev/ttyACM0"), Name("ttyACM0"));
        Assert.Equal("/dev/serial/by-id/any", SerialPorts.StableNameOf("/dev/serial/by-id/any", root.FullName));
        Assert.Equal(At("dev/ttyS9"), Name("ttyS9"));
    }

    [Fact]
    public void Two_names_of_one_port_are_the_same()
    {
        Plug("ttyACM0", "1-1", serial: "5AB9067929");
        Assert.True(SerialPorts.AreSame(Name("ttyACM0"), At("dev/ttyACM0")));
        Assert.False(SerialPorts.AreSame("/dev/no-such-port", At("dev/ttyACM0")));
    }

    private string At(string path) => Path.Combine(root.FullName, path);

    private string Name(string port) => SerialPorts.StableNameOf(At($"dev/{port}"), root.FullName);

    private void Plug(string port, string socket, string? serial)
    {
        var node = $"sys/devices/usb1/{socket}/{socket}:1.0/tty/{port}";
        Directory.CreateDirectory(At(node));
        File.WriteAllText(At($"sys/devices/usb1/{socket}/idVendor"), "1a86\n");
        if (serial is not null)
            File.WriteAllText(At($"sys/devices/usb1/{socket}/serial"), $"{serial}\n");
        Directory.CreateDirectory(At("dev"));
        File.WriteAllText(At($"dev/{port}"), "");
        Link($"sys/class/tty/{port}", $"../../../{node}");
        // Of two that are alike udev keeps one link, to the one that came last.
        Link($"dev/serial/by-id/usb-1a86_USB_Single_Serial{(serial is null ? "" : $"_{serial}")}", $"../../{port}");
        Link($"dev/serial/by-path/usb-{socket}", $"../../{port}");
    }

    private void Link(string path, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.Delete(At(path));
        if (path.StartsWith("sys", StringComparison.Ordinal))
            Directory.CreateSymbolicLink(At(path), target);
        else
            File.CreateSymbolicLink(At(path), target);
    }
}
