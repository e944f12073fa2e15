using Armada.Core.Motions;
using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Core.Robots;

/// <summary>The bound master's right to command, which lives as long as its frames, commands or signs of life come.</summary>
internal sealed class MasterLease(MasterBinding binding, RobotTiming timing)
{
    private readonly SequenceGate sequence = new();
    private readonly FreshnessGate freshness = new();
    private readonly FrameRate rate = new();
    private Timestamp? lastAccepted;
    private Timestamp? lastSent;
    private bool fault;
    private DeviceJoints? joints;
    private long lastCapture;

    public string Name => binding.Name;

    public MasterKind Kind => binding.Kind;

    public bool IsDevice => binding.Kind == MasterKind.Device;

    public MasterState State { get; private set; } = MasterState.Waiting;

    /// <summary>Whether the robot's current epoch was raised for this lease and announced to the device.</summary>
    public bool IsAnnounced { get; private set; }

    /// <summary>The epoch with which a program's lease began; the robot's own may rise above it meanwhile.</summary>
    public uint BeganAt { get; private set; }

    /// <summary>Whether its frames carry neither epoch nor sequence, and it takes no control messages.</summary>
    public bool IsUnfenced { get; set; }

    /// <summary>The caller behind a program's name, unless that is a connected session.</summary>
    public string? Holder { get; init; }

    public MotionPlayer? Player { get; init; }

    public bool? IsOnline { get; set; }

    /// <summary>The joints its device says it has, in the order of its frames; default before it does.</summary>
    public ImmutableArray<string> JointNames { get; set; }

    public FrameCounter Frames { get; } = new();

    public SourceRate Rate { get; } = new();

    public CommandPace Pace { get; } = new();

    public bool IsLive => State == MasterState.Live;

    /// <summary>Whether it was announced as live and has not ended since, although a device may still await its next epoch.</summary>
    public bool IsHeld { get; private set; }

    /// <summary>How its joints are those of the robot.</summary>
    /// <param name="isMicroPython">Whether its frames are those of a MicroPython arm.</param>
    public DeviceJoints JointsOf(RobotModel model, bool isMicroPython)
    {
        if (joints?.IsOf(model, JointNames, isMicroPython) != true)
            joints = new DeviceJoints(model, JointNames, isMicroPython);
        return joints;
    }

    public void AnnounceEpoch(in Timestamp now)
    {
        IsAnnounced = true;
        if (!IsDevice)
            return;
        State = MasterState.Waiting;
        sequence.Reset();
        freshness.Reset();
        MarkSent(now);
    }

    /// <summary>Starts the lease of a program or motion.</summary>
    public void Begin(uint epoch, in Timestamp now)
    {
        BeganAt = epoch;
        State = MasterState.Live;
        IsHeld = true;
        lastAccepted = now;
    }

    /// <summary>The epoch was sent, or could not be; it is not sent again before the retry time.</summary>
    public void MarkSent(in Timestamp now) => lastSent = now;

    public bool MaySend(in Timestamp now) => lastSent is not { } sent || now.IsPast(sent, timing.StreamRetry);

    public bool IsExpired(in Timestamp now) =>
        IsHeld && Kind != MasterKind.Sequence && lastAccepted is { } last && now.IsPast(last, timing.Lease);

    /// <summary>Ends the lease; the next frame asks for another epoch.</summary>
    public void Lose()
    {
        State = MasterState.Lost;
        IsHeld = false;
        IsAnnounced = false;
        lastSent = null;
    }

    public void Arrived(in Timestamp now) => rate.Count(now);

    /// <summary>Whether a frame without an epoch is from before the lease and came late, by a second path; else its source has restarted.</summary>
    public bool IsLate(in SampleStamp stamp) => stamp.Epoch == 0 && stamp.CapturedAt < lastCapture && sequence.IsRecent(stamp.Sequence);

    /// <summary>Checks sequence and age of a frame of the current epoch.</summary>
    public FrameResult Judge(in SampleStamp stamp, in Timestamp now) =>
        stamp.Unfenced ? FrameResult.Accepted
        : sequence.Pass(stamp.Sequence) is var order and not FrameResult.Accepted ? order
        : freshness.IsFresh(stamp, now, timing.CommandTimeToLiveMs) ? FrameResult.Accepted
        : FrameResult.Expired;

    /// <summary>Renews the lease by an accepted frame. True where the lease begins with it.</summary>
    public bool Renew(in SampleStamp stamp, in Timestamp now)
    {
        var begins = !IsHeld;
        State = MasterState.Live;
        IsHeld = true;
        lastAccepted = now;
        (fault, lastCapture) = (stamp.Fault, stamp.CapturedAt);
        return begins;
    }

    public void Renew(in Timestamp now) => lastAccepted = now;

    public MasterSnapshot Snapshot(uint epoch, in Timestamp now) => new(
        Name,
        Kind,
        State,
        IsDevice ? epoch : BeganAt,
        lastAccepted is { } last ? Microseconds.ToTimeSpan(now.MicrosecondsSince(last)) : null,
        rate.Read(now),
        fault,
        Frames.Read(sequence.Lost),
        Player?.Snapshot());
}
