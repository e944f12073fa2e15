using System.Globalization;

namespace Armada.Bench.Rows;

/// <summary>What another process uses, from proc(5).</summary>
internal static class ProcessCost
{
    private const double TicksPerSecond = 100; // sysconf(_SC_CLK_TCK) on every Linux.
    private const int UserTime = 11; // Fields after the name in parentheses.
    private const int SystemTime = 12;

    public static TimeSpan ProcessorTimeOf(int process)
    {
        var line = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
        var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromSeconds((Number(fields[UserTime]) + Number(fields[SystemTime])) / TicksPerSecond);
    }

    /// <summary>Resident bytes.</summary>
    public static long MemoryOf(int process)
    {
        var line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/status")).First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * (long)Number(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1]);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
