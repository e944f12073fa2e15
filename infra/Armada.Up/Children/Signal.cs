using System.Runtime.InteropServices;

namespace Armada.Up.Children;

/// <summary>POSIX signals to other processes.</summary>
internal static partial class Signal
{
    private const int SigTerm = 15;

    /// <summary>Asks a process to end; one that is gone already is no error.</summary>
    public static void Terminate(int process) => _ = Kill(process, SigTerm);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
