using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Stops;

namespace Armada.EdgeAgent.Follower;

/// <summary>The newest command for a follower, and the fence in front of it: open between stream-start and stream-stop, to no older
/// epoch, only forward in sequence, only fresh, never while stopped. Commands come on the link's thread and leave on the bus's.</summary>
internal sealed class CommandInbox(int joints, StopLatches stops, DeviceCounters counters) : IStream
{
    /// <summary>A master that said nothing for so long has paused, microseconds.</summary>
    private const long RecentMicroseconds = 3 * Microseconds.PerSecond;

    private readonly Lock owner = new();
    private readonly double[] newest = new double[joints];
    private readonly FreshnessGate freshness = new();
    private EpochGate epochs = new();
    private long lostBefore;
    private SampleStamp stamp;
    private Timestamp received;
    private bool isOpen;
    private bool isFull;
    private bool hasReceived;

    public uint AnnouncedEpoch { get; private set; }

    /// <summary>How long its master may be silent.</summary>
    public TimeSpan Watchdog { get; private set; } = SourceRate.Watchdog(null);

    public bool IsOpen
    {
        get
        {
            lock (owner)
                return isOpen;
        }
    }

    public long Lost
    {
        get
        {
            lock (owner)
                return lostBefore + epochs.Lost;
        }
    }

    /// <param name="epoch">Commands of it and of newer ones are taken.</param>
    /// <param name="rateHz">What its master sends, if that is slow.</param>
    public bool TryStart(uint epoch, double? rateHz = null)
    {
        lock (owner)
        {
            if (epoch < epochs.Epoch)
                return false;
            if (!isOpen)
                BeginSequence();
            if (epoch > epochs.Epoch)
                BeginEpoch(epoch);
            (AnnouncedEpoch, Watchdog) = (epoch, SourceRate.Watchdog(rateHz));
            isOpen = true;
            return true;
        }
    }

    public bool TryStop(uint epoch)
    {
        lock (owner)
        {
            if (epoch < epochs.Epoch)
                return false;
            isOpen = false;
            GiveUpWaiting();
            return true;
        }
    }

    public bool IsBusy(in Timestamp now)
    {
        lock (owner)
            return hasReceived && now.MicrosecondsSince(received) < RecentMicroseconds;
    }

    /// <summary>Judges a command, counts it, and keeps it in the place of the one before.</summary>
    public FrameResult Receive(in SampleStamp command, ReadOnlySpan<double> positions, in Timestamp now)
    {
        lock (owner)
        {
            var result = Judge(command, positions.Length, now);
            if (result == FrameResult.Accepted)
            {
                if (isFull)
                    counters.Drop(FrameResult.Superseded);
                positions.CopyTo(newest);
                // What was to be approached is, even if the next command overtakes it.
                var approaches = command.Approach || (isFull && stamp.Approach);
                (stamp, received, isFull, hasReceived) = (command with { Approach = approaches }, now, true, true);
            }
            else
            {
                counters.Drop(result);
            }

            return result;
        }
    }

    public bool TryTake(Span<double> positions, out SampleStamp command, out Timestamp at, in Timestamp now)
    {
        lock (owner)
        {
            (command, at) = (stamp, received);
            if (!isFull)
                return false;
            isFull = false;
            var refused = stops.IsLatched ? FrameResult.Stopped : IsStale(now) ? FrameResult.Expired : FrameResult.Accepted;
            if (refused != FrameResult.Accepted)
            {
                counters.Drop(refused);
                return false;
            }

            newest.CopyTo(positions);
            return true;
        }
    }

    private FrameResult Judge(in SampleStamp command, int count, in Timestamp now)
    {
        if (count != joints)
            return FrameResult.WrongJoints;
        if (!isOpen)
            return command.Epoch <= epochs.Epoch && AnnouncedEpoch > 0 ? FrameResult.StaleEpoch : FrameResult.AwaitingEpoch;
        var previous = epochs.Epoch;
        if (epochs.Pass(command) is var result and not FrameResult.Accepted)
            return result;
        if (epochs.Epoch != previous)
            freshness.Reset();
        return !freshness.IsFresh(command, now) ? FrameResult.Expired
            : stops.IsLatched ? FrameResult.Stopped
            : FrameResult.Accepted;
    }

    private bool IsStale(in Timestamp now) => stamp.TimeToLiveMs > 0 && now.MicrosecondsSince(received) >= stamp.TimeToLiveMs * 1000L;

    /// <summary>Another master, and perhaps another clock: what waits is of the epoch before.</summary>
    private void BeginEpoch(uint epoch)
    {
        epochs.TryAdopt(epoch);
        freshness.Reset();
        GiveUpWaiting();
    }

    private void GiveUpWaiting()
    {
        if (isFull)
            counters.Drop(FrameResult.StaleEpoch);
        isFull = false;
    }

    private void BeginSequence()
    {
        lostBefore += epochs.Lost;
        var epoch = epochs.Epoch;
        epochs = new EpochGate();
        epochs.TryAdopt(epoch);
        freshness.Reset();
    }
}
