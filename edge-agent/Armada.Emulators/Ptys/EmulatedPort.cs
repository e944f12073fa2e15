using System.Runtime.InteropServices;

namespace Armada.Emulators.Ptys;

/// <summary>
/// A serial port under a stable name, for one thread that waits and reads; others may only <see cref="Wake"/> it.
/// When its last client closes, the terminal is renewed behind the name: the next client finds no unread bytes and no
/// exclusive lock of the last one, as with a real port.
/// </summary>
internal sealed unsafe class EmulatedPort : IDisposable
{
    private readonly PortLink _link;
    private readonly int _wake;
    private PseudoTerminal? _terminal;

    public EmulatedPort(string path)
    {
        _link = new PortLink(path);
        _wake = Libc.Event(0, Libc.NonBlocking | Libc.CloseOnExec);
        if (_wake < 0)
            throw new IOException($"eventfd: {Marshal.GetLastPInvokeErrorMessage()}");
        Plug();
    }

    /// <summary>Full path a client opens.</summary>
    public string Path => _link.Path;

    /// <summary>Whether the name exists.</summary>
    public bool IsPlugged => _terminal is not null;

    /// <summary>Makes a new terminal and the name that leads to it.</summary>
    public void Plug()
    {
        if (_terminal is not null)
            return;
        _terminal = PseudoTerminal.Open();
        _link.PointAt(_terminal.Slave);
    }

    /// <summary>Takes name and terminal away.</summary>
    public void Unplug()
    {
        _link.Remove();
        _terminal?.Dispose();
        _terminal = null;
    }

    /// <summary>Waits for bytes, for <see cref="Wake"/>, or for the time to pass.</summary>
    /// <param name="timeout">Longest wait.</param>
    /// <returns>Whether bytes may be read.</returns>
    public bool Wait(TimeSpan timeout)
    {
        var fds = stackalloc Libc.PollFd[2];
        fds[0] = new Libc.PollFd { Fd = _wake, Events = Libc.PollIn };
        // A negative descriptor is passed over.
        fds[1] = new Libc.PollFd { Fd = _terminal?.Fd ?? -1, Events = Libc.PollIn };
        if (!Poll(fds, 2, timeout))
            return false;
        if (fds[0].Returned != 0)
        {
            ulong count;
            _ = Libc.Read(_wake, (byte*)&count, sizeof(ulong));
        }

        return fds[1].Returned != 0;
    }

    /// <summary>Lets time pass; a signal may end it early.</summary>
    public static void Pass(TimeSpan time) => Poll(null, 0, time);

    /// <summary>Reads what a client wrote.</summary>
    /// <returns>Bytes read; 0 for none.</returns>
    public int Read(Span<byte> buffer)
    {
        var count = _terminal?.Read(buffer) ?? 0;
        if (count >= 0)
            return count;
        Renew();
        return 0;
    }

    /// <summary>Sends to the client, if there is one.</summary>
    public void Write(ReadOnlySpan<byte> bytes) => _terminal?.Write(bytes);

    /// <summary>Ends a <see cref="Wait"/>; from any thread.</summary>
    public void Wake()
    {
        ulong one = 1;
        _ = Libc.Write(_wake, (byte*)&one, sizeof(ulong));
    }

    /// <summary>Takes everything away.</summary>
    public void Dispose()
    {
        Unplug();
        _ = Libc.Close(_wake);
    }

    private void Renew()
    {
        var old = _terminal!;
        var fresh = PseudoTerminal.Open();
        _link.PointAt(fresh.Slave);
        var fd = new Libc.PollFd { Fd = old.Fd, Events = Libc.PollIn };
        _ = Poll(&fd, 1, TimeSpan.Zero);
        if ((fd.Returned & Libc.PollHangUp) != 0)
        {
            old.Dispose();
            _terminal = fresh;
        }
        else
        {
            // A client came back before the name led elsewhere: it keeps what it opened.
            _link.PointAt(old.Slave);
            fresh.Dispose();
        }
    }

    /// <summary>Whether something happened before the time was over.</summary>
    private static bool Poll(Libc.PollFd* fds, nuint count, TimeSpan timeout)
    {
        var spec = new Libc.TimeSpec
        {
            Seconds = (nint)(timeout.Ticks / TimeSpan.TicksPerSecond),
            Nanoseconds = (nint)(timeout.Ticks % TimeSpan.TicksPerSecond * 100),
        };
        // A signal may end it early; whoever waits looks at the clock again.
        return Libc.Poll(fds, count, &spec, null) > 0;
    }
}
