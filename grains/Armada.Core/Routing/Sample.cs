namespace Armada.Core.Routing;

/// <summary>What identifies one sample.</summary>
/// <param name="Epoch">Epoch its source stamped on it.</param>
/// <param name="Sequence">Its source's sequence number.</param>
/// <param name="CapturedAt">Time of capture, Unix microseconds of its source's clock.</param>
/// <param name="TimeToLiveMs">Age in ms from which it is worthless; 0 for never.</param>
/// <param name="Fault">Its source reports a fault.</param>
/// <param name="Unfenced">Its source knows neither epochs nor sequences, as MicroPython leaders do: its binding stands for them.</param>
[GenerateSerializer, Immutable, Alias("armada.stamp")]
public readonly record struct SampleStamp(
    [Id(0)] uint Epoch,
    [Id(1)] uint Sequence,
    [Id(2)] long CapturedAt,
    [Id(3)] ushort TimeToLiveMs = 0,
    [Id(4)] bool Fault = false,
    [Id(5)] bool Unfenced = false);

/// <summary>What became of a sample, one counter each.</summary>
public enum FrameResult : byte
{
    /// <summary>Taken: routed to the slaves, or executed.</summary>
    Accepted,

    /// <summary>Its epoch is not the current one.</summary>
    StaleEpoch,

    /// <summary>Its sequence does not go forward.</summary>
    OutOfOrder,

    /// <summary>Older than its time to live.</summary>
    Expired,

    /// <summary>The robot or the device is stopped.</summary>
    Stopped,

    /// <summary>Another number of joints than the robot has.</summary>
    WrongJoints,

    /// <summary>The source serves no robot in this role.</summary>
    NotBound,

    /// <summary>Came before the lease's epoch reached its source; not a loss.</summary>
    AwaitingEpoch,

    /// <summary>A newer sample overtook it before its turn came.</summary>
    Superseded,
}

/// <summary>Takes the commands a routed sample becomes; called inside the turn, must not block.</summary>
public interface ICommandSink
{
    /// <summary>One command for one slave.</summary>
    /// <param name="slave">The slave's index in the robot's document.</param>
    /// <param name="stamp">Epoch, sequence of this slave's commands, the master's capture time, time to live.</param>
    /// <param name="positions">Joint positions within limits; NaN where nothing is commanded.</param>
    void Command(int slave, in SampleStamp stamp, ReadOnlySpan<double> positions);
}
