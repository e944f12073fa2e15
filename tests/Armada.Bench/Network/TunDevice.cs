using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Armada.Bench.Network;

/// <summary>A network interface whose packets this process reads and writes: Linux's TUN, IP without a link layer. Gone when disposed.</summary>
internal sealed unsafe partial class TunDevice : IDisposable
{
    public const string Path = "/dev/net/tun";

    private const int ReadWrite = 0x2;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const nuint SetInterface = 0x400454CA;
    private const short Tun = 0x1;
    private const short NoPacketInfo = 0x1000;
    private const int NameSize = 16;
    private const int RequestSize = 40;

    /// <param name="name">Of the interface, at most 15 letters.</param>
    /// <exception cref="IOException">The kernel has no TUN, or the caller is not allowed to use it.</exception>
    public TunDevice(string name)
    {
        Name = name;
        Descriptor = Open(Path, ReadWrite | NonBlocking | CloseOnExec);
        Span<byte> request = stackalloc byte[RequestSize];
        request.Clear();
        Encoding.ASCII.GetBytes(name, request[..(NameSize - 1)]);
        BinaryPrimitives.WriteInt16LittleEndian(request[NameSize..], Tun | NoPacketInfo);
        fixed (byte* bytes = request)
        {
            if (Descriptor < 0 || Control(Descriptor, SetInterface, bytes) < 0)
                throw new IOException($"{Path} makes no interface '{name}': {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    public string Name { get; }

    public int Descriptor { get; }

    /// <returns>Bytes of the packet; 0 where there is none.</returns>
    public int Read(Span<byte> packet)
    {
        fixed (byte* bytes = packet)
            return (int)Math.Max(0, Read(Descriptor, bytes, (nuint)packet.Length));
    }

    /// <summary>Hands a packet to the kernel, which has delivered it to a waiting socket when this returns.</summary>
    public void Write(ReadOnlySpan<byte> packet)
    {
        // The kernel refuses packets while the interface goes up or down; TCP sends them again.
        fixed (byte* bytes = packet)
            _ = Write(Descriptor, bytes, (nuint)packet.Length);
    }

    public void Dispose() => _ = Close(Descriptor);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int descriptor, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, byte* buffer, nuint count);
}
