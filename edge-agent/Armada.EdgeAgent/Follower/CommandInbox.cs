using System.Collections.Immutable;
using Armada.Core.Control;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Stops;

namespace Armada.EdgeAgent.Follower;

/// <summary>What a follower is commanded, to be played, and the fence in front of it: open between stream-start and stream-stop, to no older
/// epoch, only forward in sequence, never while stopped. Commands come on the link's thread and leave on the bus's.</summary>
internal sealed class CommandInbox(ImmutableArray<Joint> joints, PlayoutMode mode, StopLatches stops, DeviceCounters counters) : IStream
{
    /// <summary>A master that said nothing for so long has paused, microseconds.</summary>
    private const long RecentMicroseconds = 3 * Microseconds.PerSecond;

    private readonly Lock owner = new();
    private readonly Playout playout = new(joints, mode);
    private EpochGate epochs = new();
    private long lostBefore;
    private Timestamp received;
    private bool isOpen;
    private bool hasReceived;

    public uint AnnouncedEpoch { get; private set; }

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
            (AnnouncedEpoch, playout.Watchdog) = (epoch, SourceRate.Watchdog(rateHz));
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
            playout.Clear();
            return true;
        }
    }

    public bool IsBusy(in Timestamp now)
    {
        lock (owner)
            return hasReceived && now.MicrosecondsSince(received) < RecentMicroseconds;
    }

    /// <summary>Judges a command, counts it, and plays it in its turn.</summary>
    public FrameResult Receive(in SampleStamp command, ReadOnlySpan<double> positions, in Timestamp now)
    {
        lock (owner)
        {
            var result = Judge(command, positions.Length);
            if (result == FrameResult.Accepted)
            {
                (received, hasReceived) = (now, true);
                if (!playout.Add(command, positions, now))
                    result = FrameResult.Expired;
            }

            if (result != FrameResult.Accepted)
                counters.Drop(result);
            return result;
        }
    }

    /// <summary>What the arm is commanded now.</summary>
    public PlayoutState Play(in Timestamp now, Span<double> pose, out PlayedPose played)
    {
        lock (owner)
        {
            if (stops.IsLatched)
                playout.Clear();
            return playout.Play(now, pose, out played);
        }
    }

    /// <summary>Null where nothing is played.</summary>
    public PlayoutReport? Report()
    {
        lock (owner)
            return playout.Report();
    }

    private FrameResult Judge(in SampleStamp command, int count)
    {
        if (count != joints.Length)
            return FrameResult.WrongJoints;
        if (!isOpen)
            return command.Epoch <= epochs.Epoch && AnnouncedEpoch > 0 ? FrameResult.StaleEpoch : FrameResult.AwaitingEpoch;
        var previous = epochs.Epoch;
        if (epochs.Pass(command) is var result and not FrameResult.Accepted)
            return result;
        if (epochs.Epoch != previous)
            playout.Restart();
        return stops.IsLatched ? FrameResult.Stopped : FrameResult.Accepted;
    }

    /// <summary>Another master, and perhaps another clock.</summary>
    private void BeginEpoch(uint epoch)
    {
        epochs.TryAdopt(epoch);
        playout.Restart();
    }

    private void BeginSequence()
    {
        lostBefore += epochs.Lost;
        var epoch = epochs.Epoch;
        epochs = new EpochGate();
        epochs.TryAdopt(epoch);
        playout.Restart();
    }
}
