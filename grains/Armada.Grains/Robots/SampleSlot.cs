using Armada.Core.Devices;
using Armada.Core.Frames;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Grains.Robots;

/// <summary>One device bound to one robot: where its frames go, and the newest one that waits while the robot is busy.</summary>
public sealed class SampleSlot(string device, DeviceRole role, RobotRuntime robot, RobotModel model)
{
    private readonly Lock sync = new();
    private readonly double[] positions = new double[FrameCodec.MaxJoints];
    private volatile RobotModel model = model;
    private SampleStamp stamp;
    private Timestamp received;
    private int joints;
    private bool waiting;
    private long superseded;
    private long movedAt = robot.Now;
    private uint lastEcho;
    private long lastEchoCaptured;

    /// <summary>Device name.</summary>
    public string Device => device;

    /// <summary>What the device does for the robot.</summary>
    public DeviceRole Role => role;

    /// <summary>The robot.</summary>
    public RobotRuntime Robot => robot;

    /// <summary>The robot's joints; written by the runtime's owner only.</summary>
    public RobotModel Model
    {
        get => model;
        set => model = value;
    }

    /// <summary>Index among the slaves; read and written by the runtime's owner only.</summary>
    public int Slave { get; set; }

    /// <summary>Whether the binding stands; read and written by the runtime's owner only.</summary>
    public bool Bound { get; set; } = true;

    /// <summary>Whether the device has said how it is since it was bound here; used by the runtime's owner only.</summary>
    public bool HasReported { get; set; }

    /// <summary>How far this device, as a follower, lags behind its leader.</summary>
    public LagWindow Lag { get; } = new();

    /// <summary>When the device last said that it moves, or was bound; monotonic microseconds.</summary>
    public long MovedAt
    {
        get => Volatile.Read(ref movedAt);
        set => Volatile.Write(ref movedAt, value);
    }

    /// <summary>Samples that a newer one replaced while they waited.</summary>
    public long Superseded => Interlocked.Read(ref superseded);

    /// <summary>Whether an echo tells of another command than the one before; called on the link's thread only.</summary>
    public bool IsNewEcho(in FrameEcho echo)
    {
        if (echo.Sequence == lastEcho && echo.CapturedAt == lastEchoCaptured)
            return false;
        (lastEcho, lastEchoCaptured) = (echo.Sequence, echo.CapturedAt);
        return true;
    }

    /// <summary>Leaves a sample for the runtime's owner; true where it replaced one that was still waiting.</summary>
    public bool Put(in SampleStamp newer, ReadOnlySpan<double> units, in Timestamp now)
    {
        lock (sync)
        {
            var replaced = waiting;
            stamp = newer;
            received = now;
            joints = units.Length;
            units.CopyTo(positions);
            waiting = true;
            if (replaced)
                Interlocked.Increment(ref superseded);
            return replaced;
        }
    }

    /// <summary>Takes the waiting sample, if there is one.</summary>
    /// <param name="units">At least <see cref="FrameCodec.MaxJoints"/> long.</param>
    /// <param name="taken">Its stamp.</param>
    /// <param name="count">Its number of joints.</param>
    /// <param name="at">When it came.</param>
    public bool TryTake(Span<double> units, out SampleStamp taken, out int count, out Timestamp at)
    {
        lock (sync)
        {
            (taken, count, at) = (stamp, joints, received);
            if (!waiting)
                return false;
            positions.AsSpan(0, joints).CopyTo(units);
            waiting = false;
            return true;
        }
    }
}
