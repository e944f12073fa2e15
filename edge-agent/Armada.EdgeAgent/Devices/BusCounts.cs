using Armada.Devices.ServoBus;

namespace Armada.EdgeAgent.Devices;

/// <summary>What happened on a device's bus since the agent started, over all the times its port was opened.</summary>
internal sealed class BusCounts
{
    private readonly FeetechBus bus;
    private readonly BusCounters before;

    /// <summary>Counts on with a bus opened anew.</summary>
    public BusCounts(FeetechBus bus, BusCounts? before)
    {
        this.bus = bus;
        this.before = before?.Sum() ?? default;
    }

    /// <summary>Each count by its name in presence.</summary>
    public IEnumerable<KeyValuePair<string, long>> Read()
    {
        var sum = Sum();
        yield return new("bus.requests", sum.Requests);
        yield return new("bus.timeouts", sum.Timeouts);
        yield return new("bus.corrupt", sum.Corrupt);
        yield return new("bus.retries", sum.Retries);
        yield return new("bus.stale", sum.StaleAnswers);
    }

    private BusCounters Sum()
    {
        var now = bus.Counters;
        return new BusCounters(
            before.Requests + now.Requests,
            before.Timeouts + now.Timeouts,
            before.Corrupt + now.Corrupt,
            before.Retries + now.Retries,
            before.StaleBytes + now.StaleBytes,
            before.StaleAnswers + now.StaleAnswers);
    }
}
