using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using static Armada.Devices.Serial.Posix.Libc;

namespace Armada.Devices.Serial.Posix;

/// <summary>Opens serial ports through the kernel's terminal layer. Exclusive twice over: an advisory lock, which holds against root
/// and other programs that lock, and the terminal's exclusive mark, which holds against everybody but root.</summary>
[SupportedOSPlatform("linux")]
internal sealed class PosixSerialPorts : ISerialPorts
{
    private const uint EightBits = 0x30;
    private const uint ReceiverOn = 0x80;
    private const uint NoModemLines = 0x800;
    private const uint SpeedAsNumber = 0x1000;
    private const int MinimumIndex = 6;
    private const int TimeIndex = 5;

    public ISerialLink Open(string port, int baud)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(baud);
        var descriptor = OpenLocked(port);
        try
        {
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

    /// <summary>Opens a port without changing its settings, and locks it until the descriptor is closed.</summary>
    /// <exception cref="SerialOpenException">It cannot be opened, or another process has locked it.</exception>
    public static Descriptor OpenLocked(string port)
    {
        var descriptor = Libc.Open(port, ReadWrite | NoControllingTerminal | NonBlocking | CloseOnExec);
        if (descriptor.IsInvalid)
            throw SerialOpenException.Of(port, Marshal.GetLastPInvokeError(), Marshal.GetLastPInvokeErrorMessage());
        if (Lock(descriptor, LockExclusive | LockNonBlocking) == 0)
            return descriptor;
        descriptor.Dispose();
        throw SerialOpenException.Busy(port);
    }

    /// <summary>Raw, 8N1, no flow control, and the speed read back: a driver may silently choose another one.</summary>
    private static unsafe void SetLine(Descriptor descriptor, string port, uint baud)
    {
        var line = default(Termios2);
        if (Control(descriptor, GetTermios2, ref line) != 0)
            throw SerialOpenException.Unusable(port, "it is not a serial port");
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
            throw SerialOpenException.WrongSpeed(port, (int)baud);
    }

    private sealed unsafe class PosixSerialLink(string port, Descriptor descriptor) : ISerialLink
    {
        private readonly CancellableWait wait = new();

        public string Port => port;

        public void Write(ReadOnlySpan<byte> bytes, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            while (!bytes.IsEmpty)
            {
                nint written;
                fixed (byte* first = bytes)
                    written = Libc.Write(descriptor, first, (nuint)bytes.Length);
                if (written >= 0)
                    bytes = bytes[(int)written..];
                else if (!IsTransient())
                    throw new SerialLostException(port);
                if (!bytes.IsEmpty)
                    wait.For(descriptor, PollOut, timeout: null, cancellation);
            }
        }

        public int Read(Span<byte> buffer, TimeSpan timeout, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            if (timeout <= TimeSpan.Zero)
                return ReadNow(buffer);
            return wait.For(descriptor, PollIn, timeout, cancellation) == 0 ? 0 : ReadNow(buffer);
        }

        public void Dispose()
        {
            // The exclusive mark lasts as long as anybody holds the terminal open, not just this descriptor.
            if (!descriptor.IsClosed)
                _ = Control(descriptor, ClearExclusive, 0);
            descriptor.Dispose();
            wait.Dispose();
        }

        /// <summary>The line hands over single bytes (VMIN 1), so that 0 bytes read mean a hang-up and nothing else.</summary>
        private int ReadNow(Span<byte> buffer)
        {
            nint read;
            fixed (byte* first = buffer)
                read = Libc.Read(descriptor, first, (nuint)buffer.Length);
            if (read > 0)
                return (int)read;
            return read < 0 && IsTransient() ? 0 : throw new SerialLostException(port);
        }

        private static bool IsTransient() => Marshal.GetLastPInvokeError() is ErrorAgain or ErrorInterrupted;
    }
}
