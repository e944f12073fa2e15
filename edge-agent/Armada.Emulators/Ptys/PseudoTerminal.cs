using System.Runtime.InteropServices;
using System.Text;
using Armada.Devices.Serial.Posix;

namespace Armada.Emulators.Ptys;

/// <summary>The master side of one pseudo-terminal, raw; a client opens <see cref="Slave"/> as it would a serial port.</summary>
internal sealed unsafe class PseudoTerminal : IDisposable
{
    // More than any termios: 60 bytes in glibc, and cfmakeraw knows the layout, so that we need not.
    private const int TermiosRoom = 256;

    private PseudoTerminal(Descriptor master)
    {
        Master = master;
        Slave = Prepare(master);
    }

    public Descriptor Master { get; }

    public string Slave { get; }

    /// <summary>Makes a new one. A client that closes and leaves bytes or settings behind leaves them in this one alone.</summary>
    /// <exception cref="IOException">The system has no more, or refuses.</exception>
    public static PseudoTerminal Open()
    {
        var master = Native.OpenTerminal(Libc.ReadWrite | Libc.NoControllingTerminal | Libc.NonBlocking | Libc.CloseOnExec);
        try
        {
            Check(master.IsInvalid ? -1 : 0, "posix_openpt");
            return new PseudoTerminal(master);
        }
        catch
        {
            master.Dispose();
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
                var count = Libc.Read(Master, start, (nuint)buffer.Length);
                if (count > 0)
                    return (int)count;
                switch (count == 0 ? 0 : Marshal.GetLastPInvokeError())
                {
                    case Libc.ErrorInterrupted:
                        continue;
                    case Libc.ErrorAgain:
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
                var count = Libc.Write(Master, start + sent, (nuint)(bytes.Length - sent));
                if (count > 0)
                    sent += (int)count;
                else if (Marshal.GetLastPInvokeError() != Libc.ErrorInterrupted)
                    return;
            }
        }
    }

    /// <summary>Closes the master: a client's next read or write fails, as when a cable is pulled.</summary>
    public void Dispose() => Master.Dispose();

    private static string Prepare(Descriptor master)
    {
        Check(Native.Grant(master), "grantpt");
        Check(Native.Unlock(master), "unlockpt");
        var termios = stackalloc byte[TermiosRoom];
        Check(Native.GetAttributes(master, termios), "tcgetattr");
        Native.MakeRaw(termios);
        Check(Native.SetAttributes(master, 0, termios), "tcsetattr");

        var name = stackalloc byte[64];
        if (Native.SlaveName(master, name, 64) != 0)
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
    /// <summary>prctl: how late the kernel may wake this thread, in nanoseconds; 50,000 by default.</summary>
    public const int SetTimerSlack = 29;

    [LibraryImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    public static partial Descriptor OpenTerminal(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt", SetLastError = true)]
    public static partial int Grant(Descriptor master);

    [LibraryImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    public static partial int Unlock(Descriptor master);

    [LibraryImport("libc", EntryPoint = "ptsname_r")]
    public static partial int SlaveName(Descriptor master, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    public static partial int GetAttributes(Descriptor master, byte* termios);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    public static partial int SetAttributes(Descriptor master, int when, byte* termios);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    public static partial void MakeRaw(byte* termios);

    [LibraryImport("libc", EntryPoint = "prctl")]
    public static partial int ThreadControl(int option, nuint value, nuint a, nuint b, nuint c);
}
