namespace Armada.Devices.Serial;

/// <summary>
/// One serial port, opened exclusively, used by one thread at a time with blocking calls: a servo bus is half-duplex and
/// the host always begins. The port that the POSIX and the System.IO.Ports adapter fill.
/// </summary>
public interface ISerialLink : IDisposable
{
    /// <summary>The port's name as it was asked for.</summary>
    string Port { get; }

    /// <summary>Writes all bytes and returns when the driver has them.</summary>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    void Write(ReadOnlySpan<byte> bytes, CancellationToken cancellation);

    /// <summary>Waits for input and reads what there is, without spinning.</summary>
    /// <param name="buffer">Where to; at least one byte.</param>
    /// <param name="timeout">Longest wait; zero only polls.</param>
    /// <param name="cancellation">Ends the wait at once.</param>
    /// <returns>Bytes read; 0 at the timeout.</returns>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    int Read(Span<byte> buffer, TimeSpan timeout, CancellationToken cancellation);

    /// <summary>Throws away all input that has come in so far.</summary>
    /// <exception cref="SerialLostException">The port is gone.</exception>
    void DiscardInput();
}

/// <summary>Opens serial links by port name.</summary>
public interface ISerialPorts
{
    /// <summary>Opens a port raw, 8N1, exclusively.</summary>
    /// <param name="port">Such as /dev/ttyACM0.</param>
    /// <param name="baud">Bits per second; the servo bus runs at 1,000,000.</param>
    /// <exception cref="SerialOpenException">It does not exist, is busy, is no terminal, or may not be opened.</exception>
    ISerialLink Open(string port, int baud);
}

/// <summary>Why a port could not be opened.</summary>
public enum SerialOpenFailure
{
    /// <summary>No such file.</summary>
    Missing,

    /// <summary>Another process has it.</summary>
    Busy,

    /// <summary>No permission.</summary>
    Denied,

    /// <summary>Not a serial port, or one that refuses the settings.</summary>
    Unusable,
}

/// <summary>A port could not be opened; the message names the port and what to do.</summary>
public sealed class SerialOpenException(SerialOpenFailure failure, string message) : IOException(message)
{
    /// <summary>Why.</summary>
    public SerialOpenFailure Failure { get; } = failure;
}

/// <summary>An open port vanished, as when its cable is pulled.</summary>
public sealed class SerialLostException(string port) : IOException($"{port} is gone: cable pulled or adapter reset")
{
    /// <summary>The port's name.</summary>
    public string Port { get; } = port;
}
