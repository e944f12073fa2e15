namespace Armada.Domain.Robots;

/// <summary>Something asked of one robot. Expected refusals come back as a <see cref="Refusal"/>.</summary>
public abstract record RobotRequest
{
    private RobotRequest()
    {
    }

    /// <summary>Bind a device as master.</summary>
    /// <param name="Device">Device name; it may be offline.</param>
    /// <param name="Takeover">Take the place of another master, or the device from another robot.</param>
    public sealed record BindMaster(string Device, bool Takeover) : RobotRequest;

    /// <summary>Unbind the master, if any.</summary>
    public sealed record UnbindMaster : RobotRequest;

    /// <summary>Bind a device as slave.</summary>
    /// <param name="Device">Device name; it may be offline.</param>
    /// <param name="Takeover">Take the device from another robot.</param>
    public sealed record BindSlave(string Device, bool Takeover) : RobotRequest;

    /// <summary>Unbind a slave.</summary>
    /// <param name="Device">Device name.</param>
    public sealed record UnbindSlave(string Device) : RobotRequest;

    /// <summary>Latch the robot's stop.</summary>
    public sealed record Stop : RobotRequest;

    /// <summary>Release the robot's stop.</summary>
    public sealed record Reset : RobotRequest;

    /// <summary>Follow the fleet's stop, which is latched apart from the robot's own.</summary>
    /// <param name="Stopped">Latched or released.</param>
    public sealed record FleetStop(bool Stopped) : RobotRequest;

    /// <summary>Change joints and limits.</summary>
    /// <param name="Model">The new model.</param>
    public sealed record Configure(RobotModel Model) : RobotRequest;
}

/// <summary>Why a request was refused.</summary>
public enum RefusalReason
{
    /// <summary>Another master is bound; its name is in the text.</summary>
    MasterHeld,

    /// <summary>The device serves another robot or another role; which is in the text.</summary>
    DeviceBusy,

    /// <summary>No such robot.</summary>
    UnknownRobot,

    /// <summary>No such slave.</summary>
    UnknownSlave,

    /// <summary>The robot exists already, with another content.</summary>
    RobotExists,

    /// <summary>A value is out of range; which is in the text.</summary>
    Invalid,

    /// <summary>The state could not be made durable; nothing was changed.</summary>
    NotStored,
}

/// <summary>A refusal that a person can act on.</summary>
/// <param name="Reason">For programs.</param>
/// <param name="Text">For people: what is in the way and what to do.</param>
public sealed record Refusal(RefusalReason Reason, string Text);
