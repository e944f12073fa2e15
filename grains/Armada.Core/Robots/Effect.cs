namespace Armada.Core.Robots;

/// <summary>Something the host does because the core decided it, in the order given. A Persist is durable before the next one runs.</summary>
[SerializerTransparent]
public abstract record Effect
{
    private protected Effect()
    {
    }

    /// <summary>Make the document durable before any later effect.</summary>
    public sealed record Persist(RobotDocument Document) : Effect;

    /// <summary>Tell a device to stream (leader) or to accept commands of (follower) this epoch.</summary>
    public sealed record StartStream(string Device, uint Epoch) : Effect;

    /// <summary>Tell a device that its stream ends.</summary>
    public sealed record StopStream(string Device, uint Epoch) : Effect;

    /// <summary>Send the latched stop to a device, QoS 1.</summary>
    public sealed record StopDevice(string Device) : Effect;

    /// <summary>Release a device's stop, QoS 1.</summary>
    public sealed record ResetDevice(string Device) : Effect;
}

/// <summary>An event of a robot: logged, audited and sent to the connected sessions.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Subject">The master, slave or robot it happened to.</param>
/// <param name="By">The master or device that caused it, if another one did.</param>
[GenerateSerializer, Immutable, Alias("armada.robot.event")]
public sealed record RobotEvent([Id(0)] RobotEventKind Kind, [Id(1)] string Subject, [Id(2)] string? By = null) : Effect;

/// <summary>What happened to a robot.</summary>
public enum RobotEventKind
{
    /// <summary>A master's lease began.</summary>
    MasterLive,

    /// <summary>A master fell silent and lost its lease.</summary>
    MasterLost,

    /// <summary>A master was unbound, or left.</summary>
    MasterUnbound,

    /// <summary>Another master took a master's place, or its device went to another robot.</summary>
    MasterReplaced,

    /// <summary>A motion was played to its end.</summary>
    MotionEnded,

    /// <summary>A manual command began a manual spell.</summary>
    ManualBegan,

    /// <summary>The manual spell is over: a master attached, or all was reached and held.</summary>
    ManualEnded,

    /// <summary>Joints or limits were changed.</summary>
    Configured,

    /// <summary>A slave sent its first frame, or came back.</summary>
    SlaveLive,

    /// <summary>A slave's frames come late.</summary>
    SlaveLagging,

    /// <summary>A slave fell silent, left or cannot serve this robot.</summary>
    SlaveFailed,

    /// <summary>A slave was unbound, or a guest left.</summary>
    SlaveLeft,

    /// <summary>A stop was latched.</summary>
    Stopped,

    /// <summary>A stop was released.</summary>
    Reset,
}

/// <summary>What one turn of the core decided.</summary>
/// <param name="Refused">Why nothing was done, or null.</param>
/// <param name="Effects">What the host does now, in order.</param>
public sealed record Decision(Refusal? Refused, IReadOnlyList<Effect> Effects)
{
    /// <summary>Nothing to do.</summary>
    public static Decision Nothing { get; } = new(null, []);

    /// <summary>A refusal.</summary>
    public static Decision Refuse(RefusalReason reason, string text) => new(new Refusal(reason, text), []);
}
