using System.Runtime.InteropServices;

namespace Armada.Devices.Serial.Posix;

/// <summary>Linux's system calls behind serial ports and their emulation. Numbers are those of Linux on x64, arm64 and 32-bit arm, which share the kernel's
/// generic ABI; line settings go through the kernel's own termios2 and not the C library's termios, whose speed codes differ between
/// glibc versions and musl.</summary>
internal static unsafe partial class Libc
{
    public const int ErrorInterrupted = 4;
    public const int ErrorAgain = 11;
    public const int ReadWrite = 0x2;
    public const int NoControllingTerminal = 0x100;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int LockExclusive = 2;
    public const int LockNonBlocking = 4;
    public const nuint GetTermios2 = 0x802C542A;
    public const nuint SetTermios2 = 0x402C542B;
    public const nuint SetExclusive = 0x540C;
    public const nuint ClearExclusive = 0x540D;
    public const short PollIn = 0x1;
    public const short PollOut = 0x4;
    public const short PollHangUp = 0x10;
    public const int Monotonic = 1;
    public const int AbsoluteTime = 1;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial Descriptor Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Lock(Descriptor descriptor, int operation);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(Descriptor descriptor, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(Descriptor descriptor, nuint request, ref Termios2 argument);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(Descriptor descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(Descriptor descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "ppoll", SetLastError = true)]
    public static partial int Poll(PollEntry* entries, nuint count, TimeSpec* timeout, void* signals);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial Descriptor Event(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "timerfd_create", SetLastError = true)]
    public static partial Descriptor CreateTimer(int clock, int flags);

    [LibraryImport("libc", EntryPoint = "timerfd_settime", SetLastError = true)]
    public static partial int SetTimer(Descriptor descriptor, int flags, TimerSpec* value, TimerSpec* before);

    /// <summary>The number of the group that owns a file; null where there is no such file.</summary>
    public static uint? GroupOf(string path)
    {
        const int currentFolder = -100;
        const uint groupWanted = 0x10;
        const int groupOffset = 24;
        var status = stackalloc byte[256]; // struct statx, which is the same on every machine.
        return Status(currentFolder, path, 0, groupWanted, status) == 0 ? *(uint*)(status + groupOffset) : null;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(int folder, string path, int flags, uint wanted, byte* status);

    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;

        public static TimeSpec Of(long nanoseconds) =>
            new() { Seconds = (nint)(nanoseconds / 1_000_000_000), Nanoseconds = (nint)(nanoseconds % 1_000_000_000) };
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct TimerSpec
    {
        public TimeSpec Interval;
        public TimeSpec First;
    }

    /// <summary>The kernel's struct termios2: 44 bytes, speeds as plain numbers.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Termios2
    {
        public uint Input;
        public uint Output;
        public uint Control;
        public uint Local;
        public byte Discipline;
        public fixed byte Characters[19];
        public uint InputSpeed;
        public uint OutputSpeed;
    }
}

/// <summary>An open file descriptor, closed exactly once.</summary>
internal sealed class Descriptor : SafeHandle
{
    public Descriptor()
        : base(-1, ownsHandle: true)
    {
    }

    public int Number => unchecked((int)handle);

    // The C functions return a 32-bit int; what the upper half of the handle holds then is chance.
    public override bool IsInvalid => Number == -1;

    protected override bool ReleaseHandle() => Libc.Close(Number) == 0;
}
