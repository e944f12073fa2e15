using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Armada.Tests.Bus.Serial;

/// <summary>A pseudo-terminal; the test is what would be at the other end of the cable.</summary>
internal sealed partial class Pty : IDisposable
{
    private const int ReadWriteNoControl = 0x102;
    private const nuint UnlockSlave = 0x40045431;
    private const nuint SlaveNumber = 0x80045430;
    private const nuint GetLine = 0x802C542A;

    private readonly SafeFileHandle master;
    private readonly FileStream stream;

    public Pty()
    {
        master = new SafeFileHandle(Open("/dev/ptmx", ReadWriteNoControl), ownsHandle: true);
        var words = new int[16];
        Assert.Equal(0, Control(master, UnlockSlave, words));
        Assert.Equal(0, Control(master, SlaveNumber, words));
        Port = $"/dev/pts/{words[0]}";
        stream = new FileStream(master, FileAccess.ReadWrite, bufferSize: 0);
    }

    public string Port { get; }

    /// <summary>Local flags and output speed of the line, as its other side set them.</summary>
    public (int Local, int Speed) Line()
    {
        var words = new int[16];
        Assert.Equal(0, Control(master, GetLine, words));
        return (words[3], words[10]);
    }

    public void Send(params ReadOnlySpan<byte> bytes) => stream.Write(bytes);

    /// <summary>Blocks until there is input.</summary>
    public int Receive(Span<byte> buffer) => stream.Read(buffer);

    /// <summary>Pulls the cable.</summary>
    public void Dispose() => stream.Dispose();

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(SafeFileHandle descriptor, nuint request, int[] argument);
}
