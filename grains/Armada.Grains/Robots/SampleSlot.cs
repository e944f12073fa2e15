using Armada.Core.Devices;
using Armada.Core.Frames;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Armada.Core.Time;

namespace Armada.Grains.Robots;

/// <summary>One device bound to one robot: where its frames go, and those that wait while the robot is busy.</summary>
public sealed class SampleSlot(string device, DeviceRole role, RobotRuntime robot, RobotModel model)
{
    // A third of a second of a leader: older ones would be too old.
    private const int MaxWaiting = 32;

    private readonly Lock sync = new();
    private volatile RobotModel model = model;
    private Waiting[] waiting = []; // A ring; most devices need none.
    private double[] positions = [];
    private int first;
    private int count;
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

    /// <summary>Samples that gave way to newer ones, for too many waited.</summary>
    public long Superseded => Interlocked.Read(ref superseded);

    /// <summary>Whether an echo tells of another command than the one before; from any thread, as frames come by two paths.</summary>
    public bool IsNewEcho(in FrameEcho echo)
    {
        lock (sync)
        {
            if (echo.Sequence == lastEcho && echo.CapturedAt == lastEchoCaptured)
                return false;
            (lastEcho, lastEchoCaptured) = (echo.Sequence, echo.CapturedAt);
            return true;
        }
    }

    /// <summary>Leaves a sample for the runtime's owner; true where the oldest one gave way to it.</summary>
    public bool Put(in SampleStamp stamp, ReadOnlySpan<double> units, in Timestamp now)
    {
        lock (sync)
        {
            if (waiting.Length == 0)
                (waiting, positions) = (new Waiting[MaxWaiting], new double[MaxWaiting * FrameCodec.MaxJoints]);
            var isFull = count == MaxWaiting;
            if (isFull)
                first = (first + 1) % MaxWaiting;
            else
                count++;
            var at = (first + count - 1) % MaxWaiting;
            waiting[at] = new Waiting(stamp, now, units.Length);
            units.CopyTo(positions.AsSpan(at * FrameCodec.MaxJoints));
            if (isFull)
                Interlocked.Increment(ref superseded);
            return isFull;
        }
    }

    /// <summary>Takes the oldest sample that waits, if there is one.</summary>
    /// <param name="units">At least <see cref="FrameCodec.MaxJoints"/> long.</param>
    /// <param name="stamp">Its stamp.</param>
    /// <param name="joints">Its number of joints.</param>
    /// <param name="received">When it came.</param>
    public bool TryTake(Span<double> units, out SampleStamp stamp, out int joints, out Timestamp received)
    {
        lock (sync)
        {
            (stamp, received, joints) = count > 0 ? waiting[first] : default;
            if (count == 0)
                return false;
            positions.AsSpan(first * FrameCodec.MaxJoints, joints).CopyTo(units);
            first = (first + 1) % MaxWaiting;
            count--;
            return true;
        }
    }

    private readonly record struct Waiting(SampleStamp Stamp, Timestamp Received, int Joints);
}
