using System.Runtime.InteropServices;
using System.Text;

namespace Armada.Emulators.Ptys;

/// <summary>The master side of one pseudo-terminal, raw; a client opens <see cref="Slave"/> as it would a serial port.</summary>
internal sealed unsafe class PseudoTerminal : IDisposable
{
    // More than any termios: 60 bytes in glibc, and cfmakeraw knows the layout, so that we need not.
    private const int TermiosRoom = 256;

    private PseudoTerminal(int fd)
    {
        Fd = fd;
        Slave = Prepare(fd);
    }

    /// <summary>The descriptor to poll; -1 after <see cref="Dispose"/>.</summary>
    public int Fd { get; private set; }

    public string Slave { get; }

    /// <summary>Makes a new one. A client that closes and leaves bytes or settings behind leaves them in this one alone.</summary>
    /// <exception cref="IOException">The system has no more, or refuses.</exception>
    public static PseudoTerminal Open()
    {
        var fd = Native.OpenTerminal(Native.ReadWrite | Native.NoControllingTerminal | Native.NonBlocking | Native.CloseOnExec);
        Check(fd, "posix_openpt");
        try
        {
            return new PseudoTerminal(fd);
        }
        catch
        {
            _ = Native.Close(fd);
            throw;
        }
    }

    /// <returns>Bytes read; 0 when there are none; -1 when the last client has closed.</returns>
    public int Read(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var count = Native.Read(Fd, start, (nuint)buffer.Length);
                if (count > 0)
                    return (int)count;
                switch (count == 0 ? 0 : Marshal.GetLastPInvokeError())
                {
                    case Native.InterruptedError:
                        continue;
                    case Native.AgainError:
                        return 0;
                    default:
                        return -1;
                }
            }
        }
    }

    /// <summary>Sends to the client. What it leaves unread until the buffer is full is lost, as on a wire.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (var sent = 0; sent < bytes.Length;)
            {
                var count = Native.Write(Fd, start + sent, (nuint)(bytes.Length - sent));
                if (count > 0)
                    sent += (int)count;
                else if (Marshal.GetLastPInvokeError() != Native.InterruptedError)
                    return;
            }
        }
    }

    /// <summary>Closes the master: a client's next read or write fails, as when a cable is pulled.</summary>
    public void Dispose()
    {
        if (Fd >= 0)
            _ = Native.Close(Fd);
        Fd = -1;
    }

    private static string Prepare(int fd)
    {
        Check(Native.Grant(fd), "grantpt");
        Check(Native.Unlock(fd), "unlockpt");
        var termios = stackalloc byte[TermiosRoom];
        Check(Native.GetAttributes(fd, termios), "tcgetattr");
        Native.MakeRaw(termios);
        Check(Native.SetAttributes(fd, 0, termios), "tcsetattr");

        var name = stackalloc byte[64];
        if (Native.SlaveName(fd, name, 64) != 0)
            throw new IOException("ptsname_r failed");
        return Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name));
    }

    private static void Check(int result, string call)
    {
        if (result < 0)
            throw new IOException($"{call}: {Marshal.GetLastPInvokeErrorMessage()}");
    }
}

internal static unsafe partial class Native
{
    public const int ReadWrite = 0x2;
    public const int NoControllingTerminal = 0x100;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const short PollIn = 0x1;
    public const short PollHangUp = 0x10;
    public const int InterruptedError = 4;
    public const int AgainError = 11;

    /// <summary>prctl: how late the kernel may wake this thread, in nanoseconds; 50,000 unless told.</summary>
    public const int SetTimerSlack = 29;

    [StructLayout(LayoutKind.Sequential)]
    public struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    public static partial int OpenTerminal(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt", SetLastError = true)]
    public static partial int Grant(int fd);

    [LibraryImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    public static partial int Unlock(int fd);

    [LibraryImport("libc", EntryPoint = "ptsname_r")]
    public static partial int SlaveName(int fd, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    public static partial int GetAttributes(int fd, byte* termios);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    public static partial int SetAttributes(int fd, int when, byte* termios);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    public static partial void MakeRaw(byte* termios);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int Event(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "ppoll", SetLastError = true)]
    public static partial int Poll(PollFd* fds, nuint count, TimeSpec* timeout, void* signals);

    [LibraryImport("libc", EntryPoint = "prctl")]
    public static partial int ThreadControl(int option, nuint value, nuint a, nuint b, nuint c);
}
