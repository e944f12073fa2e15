using System.Runtime.InteropServices;

namespace Armada.Emulators.Ptys;

/// <summary>
/// A serial port under a stable name, for one thread that waits and reads; others may only <see cref="Wake"/> it.
/// When its last client closes, the terminal is renewed behind the name: the next client finds no unread bytes and no
/// exclusive lock of the last one, as with a real port.
/// </summary>
internal sealed unsafe class EmulatedPort : IDisposable
{
    // How long a client may take from following the name to opening what it led to.
    private static readonly TimeSpan _grace = TimeSpan.FromMilliseconds(5);

    private readonly PortLink _link;
    private readonly int _wake;
    private PseudoTerminal? _terminal;
    private PseudoTerminal? _left;

    public EmulatedPort(string path)
    {
        _link = new PortLink(path);
        _wake = Libc.Event(0, Libc.NonBlocking | Libc.CloseOnExec);
        if (_wake < 0)
            throw new IOException($"eventfd: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            Plug();
        }
        catch
        {
            Dispose();
            throw;
        }
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
        _left?.Dispose();
        (_terminal, _left) = (null, null);
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
        var happened = Poll(fds, 2, _left is null || timeout < _grace ? timeout : _grace);
        if (happened && fds[0].Returned != 0)
        {
            ulong count;
            _ = Libc.Read(_wake, (byte*)&count, sizeof(ulong));
        }

        var hasBytes = happened && fds[1].Returned != 0;
        return _left is null ? hasBytes : SettleLeft(over: !happened || hasBytes) && hasBytes;
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

    /// <summary>The last client has closed: the name leads to a new terminal, and the old one waits for clients already on their way.</summary>
    private void Renew()
    {
        _left?.Dispose();
        _left = _terminal;
        _terminal = PseudoTerminal.Open();
        _link.PointAt(_terminal.Slave);
    }

    /// <summary>Gives up the terminal left, or returns to it if a client has come to it after all.</summary>
    /// <returns>Whether the present terminal stayed.</returns>
    private bool SettleLeft(bool over)
    {
        var fd = new Libc.PollFd { Fd = _left!.Fd, Events = Libc.PollIn };
        _ = Poll(&fd, 1, TimeSpan.Zero);
        if (fd.Returned != Libc.PollHangUp)
        {
            // Somebody is there, or was and left words behind.
            _link.PointAt(_left.Slave);
            _terminal?.Dispose();
            (_terminal, _left) = (_left, null);
            return false;
        }

        if (over)
        {
            _left.Dispose();
            _left = null;
        }

        return true;
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
