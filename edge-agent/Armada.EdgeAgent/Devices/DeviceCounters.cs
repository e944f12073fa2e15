using Armada.Core.Routing;

namespace Armada.EdgeAgent.Devices;

/// <summary>What one device has counted since the agent started. Any thread may count and read; counting allocates nothing.</summary>
internal sealed class DeviceCounters
{
    private static readonly string[] DropNames = [.. Enum.GetNames<FrameResult>().Select(name => "dropped." + Kebab(name))];
    private readonly long[] drops = new long[DropNames.Length];
    private long ticks;
    private long lateTicks;
    private long applied;
    private long published;
    private long malformed;
    private long reopened;
    private long loopFaults;

    public long Ticks => Volatile.Read(ref ticks);
    public long LateTicks => Volatile.Read(ref lateTicks);
    public long Applied => Volatile.Read(ref applied);
    public long Published => Volatile.Read(ref published);

    /// <summary>Reads counts that are kept elsewhere: the bus's, and gaps in the sequence.</summary>
    public Func<IEnumerable<KeyValuePair<string, long>>>? Others { get; set; }

    public void Tick(bool late)
    {
        Interlocked.Increment(ref ticks);
        if (late)
            Interlocked.Increment(ref lateTicks);
    }

    public void Apply(int commands) => Interlocked.Add(ref applied, commands);

    public void Publish() => Interlocked.Increment(ref published);

    public void Malformed() => Interlocked.Increment(ref malformed);

    public void Reopen() => Interlocked.Increment(ref reopened);

    public void LoopFault() => Interlocked.Increment(ref loopFaults);

    public void Drop(FrameResult result) => Interlocked.Increment(ref drops[(int)result]);

    public long Dropped(FrameResult result) => Volatile.Read(ref drops[(int)result]);

    public Dictionary<string, long> Read()
    {
        var all = new Dictionary<string, long>(StringComparer.Ordinal)
        {
            ["ticks"] = Ticks,
            ["ticks.late"] = LateTicks,
            ["states.published"] = Published,
            ["commands.applied"] = Applied,
            ["malformed"] = Volatile.Read(ref malformed),
            ["reopened"] = Volatile.Read(ref reopened),
            ["loop.faults"] = Volatile.Read(ref loopFaults),
        };
        foreach (var result in Enum.GetValues<FrameResult>())
        {
            if (Dropped(result) > 0)
                all[NameOf(result)] = Dropped(result);
        }

        foreach (var (name, count) in Others?.Invoke() ?? [])
            all[name] = count;
        return all;
    }

    public static string NameOf(FrameResult result) => DropNames[(int)result];

    internal static string Kebab(string name) =>
        string.Concat(name.Select((c, at) => at > 0 && char.IsUpper(c) ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}
