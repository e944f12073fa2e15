using Armada.Core.Motions;

namespace Armada.Core.Robots;

/// <summary>A request to one robot. Expected refusals come back as a <see cref="Refusal"/>.</summary>
[SerializerTransparent]
public abstract record RobotRequest
{
    private RobotRequest()
    {
    }

    /// <param name="Device">It may be offline.</param>
    /// <param name="Takeover">Take the place of another master, or the device from another robot.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.bind-master")]
    public sealed record BindMaster([Id(0)] string Device, [Id(1)] bool Takeover) : RobotRequest;

    [GenerateSerializer, Immutable, Alias("armada.request.unbind-master")]
    public sealed record UnbindMaster : RobotRequest;

    /// <summary>A program takes the lease; its epoch is in the snapshot after.</summary>
    /// <param name="Name">Unique among those connected to the robot.</param>
    /// <param name="Takeover">Take the place of another master.</param>
    /// <param name="Holder">The caller behind the name, unless it is a session; another caller's program of that name is another master.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.attach-remote")]
    public sealed record AttachRemote([Id(0)] string Name, [Id(1)] bool Takeover, [Id(2)] string? Holder = null) : RobotRequest;

    /// <summary>The connected session that holds the lease gives it back; no other's lease is touched.</summary>
    [GenerateSerializer, Immutable, Alias("armada.request.detach-remote")]
    public sealed record DetachRemote([Id(0)] string Name) : RobotRequest;

    [GenerateSerializer, Immutable, Alias("armada.request.renew-lease")]
    public sealed record RenewLease([Id(0)] string Name, [Id(1)] uint Epoch, [Id(2)] string? Holder = null) : RobotRequest;

    /// <summary>A command of the program that holds the lease; renews it too.</summary>
    [GenerateSerializer, Immutable, Alias("armada.request.remote-command")]
    public sealed record RemoteCommand(
        [Id(0)] string Name,
        [Id(1)] uint Epoch,
        [Id(2)] JointCommand Command,
        [Id(3)] string? Holder = null) : RobotRequest;

    /// <summary>A motion becomes master, from its beginning.</summary>
    /// <param name="Takeover">Take the place of another master.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.play")]
    public sealed record Play([Id(0)] IMotion Motion, [Id(1)] bool Loop, [Id(2)] bool Takeover) : RobotRequest;

    /// <summary>Pauses, resumes or moves the motion that is master; what is null stays.</summary>
    [GenerateSerializer, Immutable, Alias("armada.request.control-playback")]
    public sealed record ControlPlayback([Id(0)] bool? Paused, [Id(1)] TimeSpan? Position) : RobotRequest;

    /// <summary>A command of the operator. Refused while a master's lease lives.</summary>
    [GenerateSerializer, Immutable, Alias("armada.request.manual")]
    public sealed record Manual([Id(0)] JointCommand Command) : RobotRequest;

    /// <summary>Binds a slave, or changes its offsets, names or address.</summary>
    /// <param name="Slave">It may be offline.</param>
    /// <param name="Takeover">Take the device from another robot.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.bind-slave")]
    public sealed record BindSlave([Id(0)] SlaveBinding Slave, [Id(1)] bool Takeover) : RobotRequest
    {
        public BindSlave(string device, bool takeover) : this(new SlaveBinding(device), takeover)
        {
        }
    }

    [GenerateSerializer, Immutable, Alias("armada.request.unbind-slave")]
    public sealed record UnbindSlave([Id(0)] string Name) : RobotRequest;

    /// <summary>A connected session executes commands from now on, as the bound slave of that name or an unbound one.</summary>
    [GenerateSerializer, Immutable, Alias("armada.request.join-slave")]
    public sealed record JoinSlave([Id(0)] string Name) : RobotRequest;

    /// <summary>A connected session executes no more commands: an unbound slave is forgotten, a bound one has failed.</summary>
    [GenerateSerializer, Immutable, Alias("armada.request.leave-slave")]
    public sealed record LeaveSlave([Id(0)] string Name, [Id(1)] string Reason) : RobotRequest;

    /// <summary>A joined slave keeps up again, or does not.</summary>
    /// <param name="Lagging">Whether commands wait for it.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.slave-pace")]
    public sealed record SlavePace([Id(0)] string Name, [Id(1)] bool Lagging) : RobotRequest;

    /// <summary>A joined slave reports where its joints are.</summary>
    /// <param name="Joints">Real positions, by the slave's own joint names.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.slave-report")]
    public sealed record SlaveReport([Id(0)] string Name, [Id(1)] ImmutableArray<JointReading> Joints) : RobotRequest;

    [GenerateSerializer, Immutable, Alias("armada.request.stop")]
    public sealed record Stop : RobotRequest;

    [GenerateSerializer, Immutable, Alias("armada.request.reset")]
    public sealed record Reset : RobotRequest;

    /// <summary>The fleet's stop, which is latched apart from the robot's own.</summary>
    [GenerateSerializer, Immutable, Alias("armada.request.fleet-stop")]
    public sealed record FleetStop([Id(0)] bool Stopped) : RobotRequest;

    /// <summary>Changes joints and limits.</summary>
    /// <param name="IfVersion">The version of the document that the change is for, or null for any.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.configure")]
    public sealed record Configure([Id(0)] RobotModel Model, [Id(1)] long? IfVersion = null) : RobotRequest;
}

/// <param name="Joint">The slave's name of it.</param>
/// <param name="Value">Joint units.</param>
[GenerateSerializer, Immutable, Alias("armada.joint.reading")]
public readonly record struct JointReading([Id(0)] string Joint, [Id(1)] double Value);

public enum RefusalReason
{
    /// <summary>Another master is bound.</summary>
    MasterHeld,

    /// <summary>The device serves another robot or role.</summary>
    DeviceBusy,

    UnknownRobot,
    UnknownSlave,

    /// <summary>The robot exists already, with another content.</summary>
    RobotExists,

    /// <summary>A manual command while a master is attached.</summary>
    PanelLocked,

    /// <summary>A command, heartbeat or detach of one that does not hold the lease.</summary>
    NotMaster,

    Stopped,

    /// <summary>No motion is master.</summary>
    NothingPlays,

    /// <summary>The name is another slave's or session's of this robot.</summary>
    NameTaken,

    /// <summary>The robot was changed since.</summary>
    VersionChanged,

    /// <summary>A value is out of range.</summary>
    Invalid,

    /// <summary>The state could not be made durable; nothing was changed.</summary>
    NotStored,

    /// <summary>The robot's process cannot be reached; whether the request was done is not known.</summary>
    Unreachable,
}

/// <param name="Reason">For programs.</param>
/// <param name="Text">For people: what is in the way and what to do.</param>
[GenerateSerializer, Immutable, Alias("armada.refusal")]
public sealed record Refusal([Id(0)] RefusalReason Reason, [Id(1)] string Text);
