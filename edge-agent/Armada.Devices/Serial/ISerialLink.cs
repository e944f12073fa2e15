namespace Armada.Devices.Serial;

/// <summary>One serial port, opened exclusively, used by one thread at a time with blocking calls: a servo bus is half-duplex, and the
/// host always begins.</summary>
public interface ISerialLink : IDisposable
{
    /// <summary>The port's name as it was asked for.</summary>
    string Port { get; }

    /// <summary>Writes all bytes and returns when the driver has them.</summary>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    void Write(ReadOnlySpan<byte> bytes, CancellationToken cancellation);

    /// <summary>Waits for input and reads what has arrived, without spinning.</summary>
    /// <param name="buffer">At least one byte.</param>
    /// <param name="timeout">Maximum wait; zero only polls.</param>
    /// <returns>Bytes read; 0 at the timeout.</returns>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    int Read(Span<byte> buffer, TimeSpan timeout, CancellationToken cancellation);
}

/// <summary>Opens serial ports raw, 8N1, without flow control, exclusively.</summary>
public interface ISerialPorts
{
    /// <param name="port">Such as /dev/ttyACM0 or COM3.</param>
    /// <param name="baud">Bits per second; the servo bus runs at 1,000,000.</param>
    /// <exception cref="SerialOpenException">It does not exist, is busy, is no serial port, or may not be opened.</exception>
    ISerialLink Open(string port, int baud);
}

/// <summary>A port could not be opened; the message names the port, the cause and the remedy.</summary>
public sealed class SerialOpenException(string message) : IOException(message)
{
    internal static SerialOpenException Missing(string port) => new($"{port} does not exist: {WhatThereIs()}");

    internal static SerialOpenException Busy(string port) => new($"{port} is busy: another program has it open; stop that one first");

    internal static SerialOpenException Denied(string port) => new(PortGroup.Of(port) is { } group
        ? $"{port}: permission denied; add the user to its group ('sudo usermod -aG {group} <user>') and log in again"
        : $"{port}: permission denied; no group may open it, so give it one with a udev rule (GROUP=\"dialout\", MODE=\"0660\")");

    internal static SerialOpenException Unusable(string port, string why) => new($"{port} cannot be used: {why}");

    internal static SerialOpenException WrongSpeed(string port, int baud) =>
        Unusable(port, $"it does not run at {baud} bit/s; is it the servo adapter?");

    /// <summary>The failure that a Unix error number stands for; these numbers are the same on Linux and macOS.</summary>
    internal static SerialOpenException Of(string port, int errno, string message)
    {
        const int NotPermitted = 1, NoEntry = 2, NoDeviceOrAddress = 6, AccessDenied = 13, Busy = 16, NoDevice = 19, NotADirectory = 20, NotATerminal = 25;
        return errno switch
        {
            NoEntry or NotADirectory or NoDevice or NoDeviceOrAddress => Missing(port),
            AccessDenied or NotPermitted => Denied(port),
            Busy => SerialOpenException.Busy(port),
            NotATerminal => Unusable(port, "it is not a serial port"),
            _ => Unusable(port, message),
        };
    }

    private static string WhatThereIs()
    {
        var ports = SerialPorts.Names();
        return ports is [] ? "no serial adapter is plugged in" : $"there are {string.Join(", ", ports)}";
    }
}

/// <summary>An open port vanished, as when its cable is pulled.</summary>
public sealed class SerialLostException(string port) : IOException($"{port} is gone: cable pulled or adapter reset")
{
    public string Port { get; } = port;
}
