using System.IO.Ports;
using Armada.Devices.Serial.Posix;

namespace Armada.Devices.Serial;

/// <summary>Opens serial ports through System.IO.Ports. Exclusive by the system's own means; on Linux, where those do not hold against
/// root, also by the advisory lock of <see cref="PosixSerialPorts"/>.</summary>
internal sealed class SystemSerialPorts : ISerialPorts
{
    public ISerialLink Open(string port, int baud)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(baud);
        var portLock = OperatingSystem.IsLinux() ? PosixSerialPorts.OpenLocked(port) : null;
        var serial = new SerialPort(port, baud, Parity.None, 8, StopBits.One) { Handshake = Handshake.None };
        try
        {
            serial.Open();
            return new SystemSerialLink(port, serial, portLock);
        }
        catch (Exception e)
        {
            serial.Dispose();
            portLock?.Dispose();
            if (NotOpened(port, baud, e) is { } failure)
                throw failure;
            throw;
        }
    }

    private static SerialOpenException? NotOpened(string port, int baud, Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => SerialOpenException.Missing(port),
        // Windows denies access to a port that another process has open.
        UnauthorizedAccessException when OperatingSystem.IsWindows() => SerialOpenException.Busy(port),
        UnauthorizedAccessException when !File.Exists(port) => SerialOpenException.Missing(port),
        UnauthorizedAccessException { InnerException: { } cause } => SerialOpenException.Of(port, cause.HResult, cause.Message),
        ArgumentOutOfRangeException => SerialOpenException.WrongSpeed(port, baud),
        ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException => SerialOpenException.Unusable(port, e.Message),
        _ => null,
    };

    /// <summary>One asynchronous read is always outstanding: a synchronous one cannot time out below 30 ms, Windows cannot cancel one,
    /// and what arrives between two calls is there at the next.</summary>
    private sealed class SystemSerialLink : ISerialLink
    {
        // The driver has taken a request within a millisecond, or takes nothing any more.
        private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(1);

        // From the driver's buffer into ours.
        private static readonly TimeSpan TransferLimit = TimeSpan.FromMilliseconds(50);

        private readonly SerialPort serial;
        private readonly IDisposable? portLock;
        private readonly CancellationTokenSource closing = new();
        private byte[] reading = new byte[512];
        private byte[] arrived = new byte[512];
        private Task<int> read;
        private int from;
        private int to;
        private bool isDisposed;

        public SystemSerialLink(string port, SerialPort serial, IDisposable? portLock)
        {
            (Port, this.serial, this.portLock) = (port, serial, portLock);
            read = BeginRead();
        }

        public string Port { get; }

        public void Write(ReadOnlySpan<byte> bytes, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                if (read.IsFaulted)
                    throw new SerialLostException(Port);
                // An own copy: a canceled write may still read its bytes.
                var write = serial.BaseStream.WriteAsync(bytes.ToArray(), cancellation).AsTask();
                Await(write, WriteLimit, cancellation);
                if (!write.IsCompleted)
                    throw new SerialLostException(Port);
                write.GetAwaiter().GetResult();
            }
            catch (Exception e) when (IsLoss(e))
            {
                throw new SerialLostException(Port);
            }
        }

        public int Read(Span<byte> buffer, TimeSpan timeout, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                if (from == to && !TryFill(timeout, cancellation))
                    return 0;
            }
            catch (Exception e) when (IsLoss(e))
            {
                throw new SerialLostException(Port);
            }

            var taken = Math.Min(buffer.Length, to - from);
            arrived.AsSpan(from, taken).CopyTo(buffer);
            from += taken;
            return taken;
        }

        public void Dispose()
        {
            if (isDisposed)
                return;
            isDisposed = true;
            closing.Cancel();
            try
            {
                serial.Dispose();
            }
            catch (Exception e) when (IsLoss(e))
            {
                // Windows reports an unplugged adapter here too, after it has closed the handle.
                return;
            }
            finally
            {
                portLock?.Dispose();
                closing.Dispose();
            }
        }

        private bool TryFill(TimeSpan timeout, CancellationToken cancellation)
        {
            if (timeout <= TimeSpan.Zero && !read.IsCompleted)
            {
                if (serial.BytesToRead is var waiting && waiting == 0)
                    return false;
                timeout = waiting > 0 ? TransferLimit : throw new SerialLostException(Port);
            }

            Await(read, timeout, cancellation);
            if (!read.IsCompleted)
                return false;
            (from, to) = (0, read.GetAwaiter().GetResult());
            if (to == 0)
                throw new SerialLostException(Port);
            (reading, arrived) = (arrived, reading);
            read = BeginRead();
            return true;
        }

        private Task<int> BeginRead() => serial.BaseStream.ReadAsync(reading, closing.Token).AsTask();

        /// <summary>Waits without throwing the task's own fault. A wait of the pool counts coarse milliseconds and may end early.</summary>
        private static void Await(Task task, TimeSpan limit, CancellationToken cancellation)
        {
            var began = TimeProvider.System.GetTimestamp();
            for (var left = limit; left > TimeSpan.Zero && !task.IsCompleted; left = limit - TimeProvider.System.GetElapsedTime(began))
                Task.WaitAny([task], (int)Math.Ceiling(left.TotalMilliseconds), cancellation);
        }

        private static bool IsLoss(Exception e) =>
            e is UnauthorizedAccessException or InvalidOperationException or (IOException and not SerialLostException);
    }
}
