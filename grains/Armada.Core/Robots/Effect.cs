namespace Armada.Core.Robots;

/// <summary>What the host has to do after a turn of the core, in the given order.</summary>
[SerializerTransparent]
public abstract record Effect
{
    private protected Effect()
    {
    }

    /// <summary>Make the document durable before any later effect.</summary>
    public sealed record Persist(RobotDocument Document) : Effect;

    /// <summary>Tell a device to stream (leader) or to accept commands of (follower) this epoch.</summary>
    /// <param name="RateHz">To a follower: what its master sends, if that is slow; see <see cref="Routing.SourceRate"/>.</param>
    public sealed record StartStream(string Device, uint Epoch, double? RateHz = null) : Effect;

    public sealed record StopStream(string Device, uint Epoch) : Effect;

    /// <summary>Send the latched stop to a device, QoS 1.</summary>
    public sealed record StopDevice(string Device) : Effect;

    public sealed record ResetDevice(string Device) : Effect;
}

/// <summary>An event of a robot: logged, audited and sent to the connected sessions.</summary>
/// <param name="Subject">The master, slave or robot it happened to.</param>
/// <param name="By">The master or device that caused it, if another one did.</param>
[GenerateSerializer, Immutable, Alias("armada.robot.event")]
public sealed record RobotEvent([Id(0)] RobotEventKind Kind, [Id(1)] string Subject, [Id(2)] string? By = null) : Effect;

public enum RobotEventKind
{
    /// <summary>A lease began.</summary>
    MasterLive,

    /// <summary>It fell silent and lost its lease.</summary>
    MasterLost,

    MasterUnbound,

    /// <summary>Another took its place, or its device went to another robot.</summary>
    MasterReplaced,

    MotionEnded,

    /// <summary>A manual command began a manual spell.</summary>
    ManualBegan,

    /// <summary>The manual spell is over: a master attached, or all was reached and held.</summary>
    ManualEnded,

    Configured,

    /// <summary>It sent its first frame, or came back.</summary>
    SlaveLive,

    /// <summary>Its frames come late.</summary>
    SlaveLagging,

    /// <summary>It fell silent, left or cannot serve this robot.</summary>
    SlaveFailed,

    /// <summary>It was unbound, or left without being bound.</summary>
    SlaveLeft,

    Stopped,
    Reset,
}

/// <summary>The outcome of one turn of the core.</summary>
/// <param name="Refused">Why nothing was done, or null.</param>
/// <param name="Effects">What the host has to do, in order.</param>
public sealed record Decision(Refusal? Refused, IReadOnlyList<Effect> Effects)
{
    public static Decision Nothing { get; } = new(null, []);

    public static Decision Refuse(RefusalReason reason, string text) => new(new Refusal(reason, text), []);
}
