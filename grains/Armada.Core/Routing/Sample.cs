namespace Armada.Core.Routing;

/// <summary>Identifies one sample.</summary>
/// <param name="CapturedAt">Unix microseconds of its source's clock.</param>
/// <param name="TimeToLiveMs">Age from which it is worthless; 0 for never.</param>
/// <param name="Fault">Its source reports a fault.</param>
/// <param name="Unfenced">Its source knows neither epochs nor sequences, as MicroPython leaders; its binding stands for them.</param>
/// <param name="Approach">Of a command: its slave approaches it first, slowly. Of a slave's sample: it is about to.</param>
/// <param name="KeepAlive">Nothing moved since the sample before: its source is at rest, and nothing is missing until the next.</param>
[GenerateSerializer, Immutable, Alias("armada.stamp")]
public readonly record struct SampleStamp(
    [Id(0)] uint Epoch,
    [Id(1)] uint Sequence,
    [Id(2)] long CapturedAt,
    [Id(3)] ushort TimeToLiveMs = 0,
    [Id(4)] bool Fault = false,
    [Id(5)] bool Unfenced = false,
    [Id(6)] bool Approach = false,
    [Id(7)] bool KeepAlive = false);

/// <summary>What became of a sample; each has a counter.</summary>
public enum FrameResult : byte
{
    /// <summary>Routed to the slaves, or executed.</summary>
    Accepted,

    StaleEpoch,

    /// <summary>A newer one came before it.</summary>
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

    /// <summary>Not one joint could be read.</summary>
    NoReading,

    /// <summary>Came before, by the device's other path; not a loss.</summary>
    Duplicate,

    /// <summary>Came by a device's second path while the first one, by which it is stopped, is lost.</summary>
    NoControl,
}

/// <summary>Takes the commands that a sample becomes; called inside the turn, must not block.</summary>
public interface ICommandSink
{
    /// <param name="slave">Index in <see cref="Robots.RobotCore.Targets"/>.</param>
    /// <param name="stamp">Epoch, sequence of this slave's commands, the master's capture time, time to live.</param>
    /// <param name="positions">Within limits; NaN where nothing is commanded.</param>
    void Command(int slave, in SampleStamp stamp, ReadOnlySpan<double> positions);
}
