using System.Collections.Immutable;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Grains.Robots;

/// <summary>
/// What the parties at one door are to be told, in order, until the door says that it has it. Notes are kept; of the commands to a
/// party only the newest is. The robot's turns put in, the grain's take out.
/// </summary>
internal sealed class DoorFeed(TimeProvider time)
{
    private const int MostWaiting = 10_000; // A door so far behind is as good as silent.

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly Lock sync = new();
    private readonly Dictionary<long, Party> parties = [];
    private readonly List<Telling> waiting = [];
    private TaskCompletionSource arrived = New();
    private long heardAt = time.GetTimestamp();
    private long last;
    private bool isClosed;

    /// <summary>The number of the newest telling.</summary>
    public long Last
    {
        get
        {
            lock (sync)
                return last;
        }
    }

    /// <summary>A party of the door.</summary>
    public IRobotSession Add(long number, string name)
    {
        lock (sync)
            return parties[number] = new Party(this, number, name);
    }

    /// <summary>The party of this number, or null.</summary>
    public IRobotSession? Find(long number)
    {
        lock (sync)
            return parties.GetValueOrDefault(number);
    }

    /// <summary>Forgets a party; what it was to be told is told no more.</summary>
    public void Remove(IRobotSession party)
    {
        var number = ((Party)party).Number;
        lock (sync)
        {
            parties.Remove(number);
            waiting.RemoveAll(telling => telling.Party == number);
        }
    }

    /// <summary>Whether the door has not asked for so long, or takes far too little.</summary>
    public bool IsSilentFor(TimeSpan silence)
    {
        lock (sync)
            return waiting.Count > MostWaiting || time.GetElapsedTime(heardAt) > silence;
    }

    /// <summary>Ends the feed, and whoever listens to it; gives the parties that it had.</summary>
    public IReadOnlyCollection<IRobotSession> Close()
    {
        lock (sync)
        {
            isClosed = true;
            arrived.TrySetResult();
            return [.. parties.Values];
        }
    }

    /// <summary>Waits until there is something after a number, a second at most, and gives it.</summary>
    public async Task<Tellings> TakeAsync(long after)
    {
        Task wait;
        lock (sync)
        {
            heardAt = time.GetTimestamp();
            waiting.RemoveAll(telling => telling.Number <= after);
            if (last > after || isClosed)
                return Take();
            if (arrived.Task.IsCompleted)
                arrived = New();
            wait = arrived.Task;
        }

        await Task.WhenAny(wait, Task.Delay(LongestWait, time));
        lock (sync)
        {
            heardAt = time.GetTimestamp();
            return Take();
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Tellings Take() => isClosed ? Tellings.Unknown : new Tellings(true, [.. waiting], last);

    private void Put(Telling telling)
    {
        lock (sync)
        {
            if (isClosed || !parties.ContainsKey(telling.Party))
                return;
            if (!telling.Positions.IsDefault)
                waiting.RemoveAll(older => older.Party == telling.Party && !older.Positions.IsDefault);
            waiting.Add(telling with { Number = ++last });
            arrived.TrySetResult();
        }
    }

    private sealed class Party(DoorFeed feed, long number, string name) : IRobotSession
    {
        public long Number => number;

        public string Name => name;

        public void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions) =>
            feed.Put(new Telling(0, number, Stamp: stamp, Positions: positions.ToImmutableArray()));

        public void OnEvent(RobotEvent note) => feed.Put(new Telling(0, number, note));

        public void OnGone(string reason) => feed.Put(new Telling(0, number, Gone: reason));
    }
}
