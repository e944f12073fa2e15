using System.Globalization;

namespace Armada.Bench.Soak;

/// <summary>What a process holds at one moment.</summary>
/// <param name="At">Since the soak began.</param>
/// <param name="HeapBytes">Managed heap after a full collection.</param>
/// <param name="WorkingSetBytes">Resident memory, native parts too.</param>
/// <param name="Threads">Threads.</param>
/// <param name="Handles">Open file descriptors.</param>
/// <param name="Sockets">Those of them that are sockets.</param>
internal sealed record ProcessSample(TimeSpan At, long HeapBytes, long WorkingSetBytes, int Threads, int Handles, int Sockets)
{
    /// <summary>Of this process now.</summary>
    public static ProcessSample Take(TimeSpan at)
    {
        var heap = HeapAfterCollection();
        var handles = Directory.GetFiles("/proc/self/fd");
        return new ProcessSample(at, heap, Kilobytes("VmRSS:") * 1024, (int)Kilobytes("Threads:"), handles.Length, handles.Count(IsSocket));
    }

    // Twice: what the first collection finalizes is free only after the second.
    private static long HeapAfterCollection()
    {
        for (var time = 0; time < 2; time++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static bool IsSocket(string handle)
    {
        try
        {
            return new FileInfo(handle).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true;
        }
        catch (IOException)
        {
            return false; // Closed between the listing and this line.
        }
    }

    // proc(5): one line each, the number second.
    private static long Kilobytes(string name)
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
