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

    /// <summary>Ticks of the loop.</summary>
    public long Ticks => Volatile.Read(ref ticks);

    /// <summary>Ticks that began late.</summary>
    public long LateTicks => Volatile.Read(ref lateTicks);

    /// <summary>Commands that the control law took.</summary>
    public long Applied => Volatile.Read(ref applied);

    /// <summary>State frames published.</summary>
    public long Published => Volatile.Read(ref published);

    /// <summary>Reads counts that are kept elsewhere: the bus's, and gaps in the sequence.</summary>
    public Func<IEnumerable<KeyValuePair<string, long>>>? Others { get; set; }

    /// <summary>Counts a tick.</summary>
    public void Tick(bool late)
    {
        Interlocked.Increment(ref ticks);
        if (late)
            Interlocked.Increment(ref lateTicks);
    }

    /// <summary>Counts a command taken.</summary>
    public void Apply() => Interlocked.Increment(ref applied);

    /// <summary>Counts a state frame.</summary>
    public void Publish() => Interlocked.Increment(ref published);

    /// <summary>Counts bytes that were no frame or no control message.</summary>
    public void Malformed() => Interlocked.Increment(ref malformed);

    /// <summary>Counts an arm started again.</summary>
    public void Reopen() => Interlocked.Increment(ref reopened);

    /// <summary>Counts an exception that ended a loop.</summary>
    public void LoopFault() => Interlocked.Increment(ref loopFaults);

    /// <summary>Counts a command that was not executed.</summary>
    public void Drop(FrameResult verdict) => Interlocked.Increment(ref drops[(int)verdict]);

    /// <summary>Commands dropped for one reason.</summary>
    public long Dropped(FrameResult verdict) => Volatile.Read(ref drops[(int)verdict]);

    /// <summary>Every count by its name in presence; drops only where there were any.</summary>
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
        foreach (var verdict in Enum.GetValues<FrameResult>())
        {
            if (Dropped(verdict) > 0)
                all[NameOf(verdict)] = Dropped(verdict);
        }

        foreach (var (name, count) in Others?.Invoke() ?? [])
            all[name] = count;
        return all;
    }

    /// <summary>Name of a drop's count, such as dropped.stale-epoch.</summary>
    public static string NameOf(FrameResult verdict) => DropNames[(int)verdict];

    private static string Kebab(string name) =>
        string.Concat(name.Select((c, at) => at > 0 && char.IsUpper(c) ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}
