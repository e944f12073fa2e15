using System.Runtime.InteropServices;
using Armada.Devices.Serial.Posix;

namespace Armada.Emulators.Ptys;

/// <summary>A serial port under a stable name, for one thread that waits and reads; others may only <see cref="Wake"/> it. When its
/// last client closes, the terminal is renewed behind the name: the next client finds no unread bytes and no exclusive lock of the last
/// one, as with a real port.</summary>
internal sealed unsafe class EmulatedPort : IDisposable
{
    // How long a client may take from following the name to opening what it led to.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(5);

    private readonly PortLink link;
    private readonly Descriptor wake;
    private PseudoTerminal? terminal;
    private PseudoTerminal? left;

    public EmulatedPort(string path)
    {
        link = new PortLink(path);
        wake = Libc.Event(0, Libc.NonBlocking | Libc.CloseOnExec);
        if (wake.IsInvalid)
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

    public string Path => link.Path;
    public bool IsPlugged => terminal is not null;

    public void Plug()
    {
        if (terminal is not null)
            return;
        terminal = PseudoTerminal.Open();
        link.PointAt(terminal.Slave);
    }

    public void Unplug()
    {
        link.Remove();
        terminal?.Dispose();
        left?.Dispose();
        (terminal, left) = (null, null);
    }

    /// <summary>Waits for bytes, for <see cref="Wake"/>, or for the time to pass.</summary>
    /// <returns>Whether bytes may be read.</returns>
    public bool Wait(TimeSpan timeout)
    {
        var fds = stackalloc Libc.PollEntry[2];
        fds[0] = new Libc.PollEntry { Descriptor = wake.Number, Events = Libc.PollIn };
        // A negative descriptor is passed over.
        fds[1] = new Libc.PollEntry { Descriptor = terminal?.Master.Number ?? -1, Events = Libc.PollIn };
        var happened = Poll(fds, 2, left is null || timeout < Grace ? timeout : Grace);
        if (happened && fds[0].Returned != 0)
        {
            ulong count;
            _ = Libc.Read(wake, (byte*)&count, sizeof(ulong));
        }

        var hasBytes = happened && fds[1].Returned != 0;
        return left is null ? hasBytes : SettleLeft(over: !happened || hasBytes) && hasBytes;
    }

    /// <summary>Lets time pass; a signal may end it early.</summary>
    public static void Pass(TimeSpan time) => Poll(null, 0, time);

    public int Read(Span<byte> buffer)
    {
        var count = terminal?.Read(buffer) ?? 0;
        if (count >= 0)
            return count;
        Renew();
        return 0;
    }

    public void Write(ReadOnlySpan<byte> bytes) => terminal?.Write(bytes);

    /// <summary>Ends a <see cref="Wait"/>; from any thread.</summary>
    public void Wake()
    {
        ulong one = 1;
        _ = Libc.Write(wake, (byte*)&one, sizeof(ulong));
    }

    public void Dispose()
    {
        Unplug();
        wake.Dispose();
    }

    /// <summary>The last client has closed: the name leads to a new terminal, and the old one waits for clients already on their way.</summary>
    private void Renew()
    {
        left?.Dispose();
        left = terminal;
        terminal = PseudoTerminal.Open();
        link.PointAt(terminal.Slave);
    }

    /// <summary>Gives up the terminal left, or returns to it if a client has come to it after all.</summary>
    /// <returns>Whether the present terminal stayed.</returns>
    private bool SettleLeft(bool over)
    {
        var fd = new Libc.PollEntry { Descriptor = left!.Master.Number, Events = Libc.PollIn };
        _ = Poll(&fd, 1, TimeSpan.Zero);
        if (fd.Returned != Libc.PollHangUp)
        {
            // Somebody is there, or was and left words behind.
            link.PointAt(left.Slave);
            terminal?.Dispose();
            (terminal, left) = (left, null);
            return false;
        }

        if (over)
        {
            left.Dispose();
            left = null;
        }

        return true;
    }

    private static bool Poll(Libc.PollEntry* fds, nuint count, TimeSpan timeout)
    {
        var spec = Libc.TimeSpec.Of(timeout.Ticks * TimeSpan.NanosecondsPerTick);
        // A signal may end it early; whoever waits looks at the clock again.
        return Libc.Poll(fds, count, &spec, null) > 0;
    }
}

/// <summary>A port's stable name: a symbolic link to the terminal of the moment, as udev makes for a real adapter.</summary>
internal sealed class PortLink
{
    private string? target;

    /// <param name="path">Where the link is to be. A link that is there already is replaced; any other file is refused.</param>
    /// <exception cref="IOException">There is a file that is no link, or no such folder.</exception>
    public PortLink(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        if (!Directory.Exists(System.IO.Path.GetDirectoryName(Path)))
            throw new IOException($"cannot make the port {Path}: its folder does not exist");
        var there = new FileInfo(Path);
        if (Directory.Exists(Path) || (there.Exists && there.LinkTarget is null))
            throw new IOException($"cannot make the port {Path}: there is a file of that name");
    }

    public string Path { get; }

    /// <summary>Makes the link lead to <paramref name="target"/>; a client finds the old or the new one, never none.</summary>
    public void PointAt(string target)
    {
        var made = $"{Path}.{Environment.ProcessId}";
        File.Delete(made);
        File.CreateSymbolicLink(made, target);
        File.Move(made, Path, overwrite: true);
        this.target = target;
    }

    /// <summary>Removes the link, unless another program has put its own there.</summary>
    public void Remove()
    {
        if (target is not null && new FileInfo(Path).LinkTarget == target)
            File.Delete(Path);
        target = null;
    }
}
