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

    /// <summary>Path of the side a client opens.</summary>
    public string Slave { get; }

    /// <summary>Makes a new one. A client that closes and leaves bytes or settings behind leaves them in this one alone.</summary>
    /// <exception cref="IOException">The system has no more, or refuses.</exception>
    public static PseudoTerminal Open()
    {
        var fd = Libc.OpenTerminal(Libc.ReadWrite | Libc.NoControllingTerminal | Libc.NonBlocking | Libc.CloseOnExec);
        Check(fd, "posix_openpt");
        try
        {
            return new PseudoTerminal(fd);
        }
        catch
        {
            _ = Libc.Close(fd);
            throw;
        }
    }

    /// <summary>Reads what a client wrote.</summary>
    /// <returns>Bytes read; 0 when there are none; -1 when the last client has closed.</returns>
    public int Read(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var count = Libc.Read(Fd, start, (nuint)buffer.Length);
                if (count > 0)
                    return (int)count;
                switch (count == 0 ? 0 : Marshal.GetLastPInvokeError())
                {
                    case Libc.InterruptedError:
                        continue;
                    case Libc.AgainError:
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
                var count = Libc.Write(Fd, start + sent, (nuint)(bytes.Length - sent));
                if (count > 0)
                    sent += (int)count;
                else if (Marshal.GetLastPInvokeError() != Libc.InterruptedError)
                    return;
            }
        }
    }

    /// <summary>Closes the master: a client's next read or write fails, as when a cable is pulled.</summary>
    public void Dispose()
    {
        if (Fd >= 0)
            _ = Libc.Close(Fd);
        Fd = -1;
    }

    private static string Prepare(int fd)
    {
        Check(Libc.Grant(fd), "grantpt");
        Check(Libc.Unlock(fd), "unlockpt");
        var termios = stackalloc byte[TermiosRoom];
        Check(Libc.GetAttributes(fd, termios), "tcgetattr");
        Libc.MakeRaw(termios);
        Check(Libc.SetAttributes(fd, 0, termios), "tcsetattr");

        var name = stackalloc byte[64];
        if (Libc.SlaveName(fd, name, 64) != 0)
            throw new IOException("ptsname_r failed");
        return Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name));
    }

    private static void Check(int result, string call)
    {
        if (result < 0)
            throw new IOException($"{call}: {Marshal.GetLastPInvokeErrorMessage()}");
    }
}
