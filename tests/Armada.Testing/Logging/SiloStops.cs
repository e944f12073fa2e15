using System.Diagnostics;

namespace Armada.Testing.Logging;

/// <summary>When a silo of this process last began to stop. From then on Orleans logs and leaves unobserved what is an error at any other time.</summary>
public static class SiloStops
{
    private static long lastBegan;

    /// <summary>A silo is told to stop now.</summary>
    public static void Begin() => Volatile.Write(ref lastBegan, Stopwatch.GetTimestamp());

    /// <summary>Whether one was told to since a time of <see cref="Stopwatch"/>.</summary>
    internal static bool HasBegun(long since) => Volatile.Read(ref lastBegan) is not 0 and var began && began >= since;
}
