using Armada.Domain.Routing;
using Armada.Domain.Time;

namespace Armada.Domain.Robots;

/// <summary>The bound master's right to command, which lives as long as its frames come.</summary>
internal sealed class MasterLease(string device, RobotTiming timing)
{
    private readonly SequenceGate sequence = new();
    private readonly FreshnessGate freshness = new();
    private readonly FrameRate rate = new();
    private Moment? lastAccepted;
    private Moment? lastTold;
    private bool fault;

    public string Device { get; } = device;

    public MasterState State { get; private set; } = MasterState.Waiting;

    /// <summary>Whether the robot's current epoch was raised for this lease and told to the device.</summary>
    public bool IsOffered { get; private set; }

    public bool? IsOnline { get; set; }

    public FrameCounter Frames { get; } = new();

    public bool IsLive => State == MasterState.Live;

    /// <summary>A new epoch was raised for this master.</summary>
    public void Offer(in Moment now)
    {
        State = MasterState.Waiting;
        IsOffered = true;
        sequence.Reset();
        freshness.Reset();
        Told(now);
    }

    /// <summary>The device was told its epoch, or could not be: not again before the retry time.</summary>
    public void Told(in Moment now) => lastTold = now;

    public bool MayTell(in Moment now) => lastTold is not { } told || now.IsPast(told, timing.StreamRetry);

    public bool IsExpired(in Moment now) => IsLive && lastAccepted is { } last && now.IsPast(last, timing.Lease);

    public void Lose()
    {
        State = MasterState.Lost;
        IsOffered = false;
        lastTold = null;
    }

    public void Arrived(in Moment now) => rate.Count(now);

    /// <summary>Sequence and age of a frame of the current epoch.</summary>
    public Verdict Judge(in SampleStamp stamp, in Moment now) =>
        !sequence.TryPass(stamp.Sequence) ? Verdict.OutOfOrder
        : freshness.IsFresh(stamp, now, timing.CommandTimeToLiveMs) ? Verdict.Accepted
        : Verdict.Expired;

    /// <summary>A good frame came. True where the lease begins with it.</summary>
    public bool Renew(in SampleStamp stamp, in Moment now)
    {
        var begins = !IsLive;
        State = MasterState.Live;
        lastAccepted = now;
        fault = stamp.Fault;
        return begins;
    }

    public MasterSnapshot Snapshot(uint epoch, in Moment now) => new(
        Device,
        MasterKind.Device,
        State,
        epoch,
        lastAccepted is { } last ? Micros.ToTimeSpan(now.MicrosSince(last)) : null,
        rate.Read(now),
        fault,
        Frames.Read(sequence.Lost),
        null);
}
