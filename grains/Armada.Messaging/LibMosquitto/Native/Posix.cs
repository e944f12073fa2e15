using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Armada.Messaging.LibMosquitto.Native;

/// <summary>The few system calls around the library's socket. Constants are Linux's, equal on x64 and arm64.</summary>
internal static unsafe partial class Posix
{
    public const short PollIn = 0x001;
    public const short PollOut = 0x004;
    public const short PollError = 0x008;
    public const short PollHangUp = 0x010;
    public const short PollPeerClosed = 0x2000;

    public const int TryAgain = 11;
    public const int Interrupted = 4;

    private const int EventNonBlocking = 0x800;
    private const int EventCloseOnExec = 0x80000;
    private const int LevelTcp = 6;
    private const int TcpQuickAcknowledge = 12;
    private const int TcpUserTimeout = 18;
    private const int TcpNotSentLowWater = 25;
    private const int ShutDownWrites = 1;

    /// <summary>One descriptor to wait for.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    /// <summary>Waits for any of the descriptors; a signal counts as nothing ready.</summary>
    public static void Wait(Span<PollDescriptor> descriptors, TimeSpan timeout)
    {
        foreach (ref var descriptor in descriptors) descriptor.Returned = 0;
        fixed (PollDescriptor* first = descriptors)
        {
            var milliseconds = (int)Math.Ceiling(Math.Max(0, timeout.TotalMilliseconds));
            if (Poll(first, (nuint)descriptors.Length, milliseconds) < 0 && Marshal.GetLastPInvokeError() != Interrupted)
                throw new Win32Exception(Marshal.GetLastPInvokeError(), "poll failed");
        }
    }

    /// <summary>A descriptor that <see cref="Raise"/> makes readable and <see cref="Lower"/> makes quiet again.</summary>
    public static int OpenEvent()
    {
        var descriptor = EventFd(0, EventNonBlocking | EventCloseOnExec);
        return descriptor >= 0 ? descriptor : throw new Win32Exception(Marshal.GetLastPInvokeError(), "eventfd failed");
    }

    /// <summary>Makes the event readable; raising it twice is as good as once.</summary>
    public static void Raise(int descriptor)
    {
        ulong one = 1;
        _ = Write(descriptor, &one, sizeof(ulong));
    }

    /// <summary>Makes the event quiet.</summary>
    public static void Lower(int descriptor)
    {
        ulong value;
        _ = Read(descriptor, &value, sizeof(ulong));
    }

    /// <summary>Lets no more than <paramref name="notSent"/> bytes wait in the kernel, and gives up data unacknowledged for too long.</summary>
    public static void LimitSendQueue(int socket, int notSent, TimeSpan unacknowledged)
    {
        var milliseconds = (int)unacknowledged.TotalMilliseconds;
        _ = SetSocketOption(socket, LevelTcp, TcpNotSentLowWater, &notSent, sizeof(int));
        _ = SetSocketOption(socket, LevelTcp, TcpUserTimeout, &milliseconds, sizeof(int));
    }

    /// <summary>Acknowledges at once what has been received; the kernel forgets the wish, so it is told after each read.</summary>
    /// <remarks>
    /// A broker that leaves Nagle's algorithm on (mosquitto's default) holds the next frame back until the last one is acknowledged,
    /// and a receiver that sends little acknowledges only after 40 ms.
    /// </remarks>
    public static void AcknowledgeAtOnce(int socket)
    {
        var on = 1;
        _ = SetSocketOption(socket, LevelTcp, TcpQuickAcknowledge, &on, sizeof(int));
    }

    /// <summary>Says that nothing more will be sent, then reads what still comes until the peer closes or time is up.</summary>
    public static void LingerUntilPeerCloses(int socket, TimeSpan timeout)
    {
        _ = ShutDown(socket, ShutDownWrites);
        Span<byte> rest = stackalloc byte[4096];
        Span<PollDescriptor> descriptors = [new() { Descriptor = socket, Events = PollIn }];
        var end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        fixed (byte* buffer = rest)
        {
            while (end > Environment.TickCount64)
            {
                Wait(descriptors, TimeSpan.FromMilliseconds(end - Environment.TickCount64));
                if (descriptors[0].Returned != 0 && Read(socket, buffer, (nuint)rest.Length) == 0) return;
                if ((descriptors[0].Returned & PollError) != 0) return;
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "dup")]
    public static partial int Duplicate(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollDescriptor* descriptors, nuint count, int timeout);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFd(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "shutdown")]
    private static partial int ShutDown(int socket, int how);

    [LibraryImport("libc", EntryPoint = "setsockopt")]
    private static partial int SetSocketOption(int socket, int level, int option, void* value, int length);
}
