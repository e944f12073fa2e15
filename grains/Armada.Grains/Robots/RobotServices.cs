using Armada.Core.Devices;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;
using Microsoft.Extensions.Logging;

namespace Armada.Grains.Robots;

/// <summary>What every robot of a process shares.</summary>
public sealed record RobotServices(
    DeviceRoutes Routes,
    IDeviceControl Control,
    ISlaveSinks Sinks,
    SiloClock Clock,
    IRobotTelemetry Telemetry,
    IRobotAudit Audit,
    RobotTiming Timing,
    ILogger<RobotRuntime> Logger,
    IRemoteSlaves? Remotes = null);

/// <summary>What devices are told besides samples. Members return at once and may be called from any thread.</summary>
public interface IDeviceControl
{
    /// <summary>A leader is to stream, a follower to accept commands, of this epoch.</summary>
    /// <param name="device">Its name.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="rateHz">To a follower: what its master sends, if that is slow.</param>
    void StartStream(string device, uint epoch, double? rateHz);

    /// <summary>The stream of this epoch ends.</summary>
    void StopStream(string device, uint epoch);

    /// <summary>Latch the device's stop; repeated until the device confirms it.</summary>
    void Stop(string device);

    /// <summary>Release the device's stop; repeated until the device confirms it.</summary>
    void Reset(string device);

    /// <summary>Stops repeating anything to the device: its robot is gone, or runs in another process.</summary>
    void Forget(string device);

    /// <summary>What the device said of itself last, or null.</summary>
    DeviceReport? FindReport(string device);

    /// <summary>The stop or reset that the device has not confirmed, or null.</summary>
    UnconfirmedControl? FindUnconfirmed(string device);

    /// <summary>Lets time pass: repeats what is not confirmed.</summary>
    void Tick();
}

/// <summary>Makes the sinks of slaves that are reached over MQTT.</summary>
public interface ISlaveSinks
{
    /// <summary>The sink of a device or MicroPython follower; null for a slave that is a connected session.</summary>
    ISlaveSink? Find(SlaveBinding slave, RobotModel model);
}

/// <summary>Takes one slave's commands. Called by the runtime's owner only; returns at once and never throws.</summary>
public interface ISlaveSink
{
    /// <summary>The slave's next command.</summary>
    /// <param name="stamp">Epoch, sequence of this slave's commands, the master's capture time, time to live.</param>
    /// <param name="positions">One position per joint, offsets added; NaN where nothing is commanded.</param>
    /// <param name="hasMore">Whether more may follow at once, so that they can go in one message.</param>
    void Send(in SampleStamp stamp, ReadOnlySpan<double> positions, bool hasMore);

    /// <summary>Lets time pass, for a sink that sends less often than it is given commands.</summary>
    /// <param name="now">The time.</param>
    /// <param name="isLed">Whether a master's lease lives and nothing is stopped.</param>
    void Tick(in Timestamp now, bool isLed)
    {
    }
}

/// <summary>Links to other services' robots, one for each bound remote slave.</summary>
public interface IRemoteSlaves
{
    /// <summary>Makes the links of a robot those that it has bound. Called by the runtime's owner; returns at once and never throws.</summary>
    /// <param name="robot">Robot id.</param>
    /// <param name="remotes">Its remote slaves; empty where it has none or is gone.</param>
    void Reconcile(string robot, IReadOnlyList<SlaveBinding> remotes);
}

/// <summary>Counters and measurements. Members may be called from any thread and allocate nothing.</summary>
public interface IRobotTelemetry
{
    /// <summary>Whether anybody listens to <see cref="RecordRouteTime"/>.</summary>
    bool MeasuresRouteTime { get; }

    /// <summary>Counts what became of a frame.</summary>
    void Count(DeviceRole role, FrameResult result);

    /// <summary>Counts what happened to a robot.</summary>
    void Count(RobotEventKind what);

    /// <summary>Counts a command to a slave.</summary>
    void CountCommand();

    /// <summary>Counts a request, tick or session that failed.</summary>
    void CountFault();

    /// <summary>From a leader frame's arrival to its command's hand-over, seconds.</summary>
    void RecordRouteTime(double seconds);
}

/// <summary>Records what happened to robots without anybody asking for it, such as a lease that ran out. Who asked for what is recorded where it was asked.</summary>
public interface IRobotAudit
{
    /// <summary>Records an event, where it is one of those that are audited; returns at once and never throws.</summary>
    void Record(string robot, RobotEvent note);
}

/// <summary>Where one robot's document is stored.</summary>
public interface IRobotStorage
{
    /// <summary>Why nothing can be stored just now, or null where nothing speaks against it; answers at once.</summary>
    string? Obstacle => null;

    /// <summary>Stores the document durably; gives null, or why it could not. Called for one write at a time.</summary>
    ValueTask<string?> SaveAsync(RobotDocument document);
}
