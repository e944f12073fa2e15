using System.Collections.Immutable;
using Armada.Core.Motions;

namespace Armada.Core.Robots;

/// <summary>Something asked of one robot. Expected refusals come back as a <see cref="Refusal"/>.</summary>
[SerializerTransparent]
public abstract record RobotRequest
{
    private RobotRequest()
    {
    }

    /// <summary>Bind a device as master.</summary>
    /// <param name="Device">Device name; it may be offline.</param>
    /// <param name="Takeover">Take the place of another master, or the device from another robot.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.bind-master")]
    public sealed record BindMaster([Id(0)] string Device, [Id(1)] bool Takeover) : RobotRequest;

    /// <summary>Unbind the master, if any.</summary>
    [GenerateSerializer, Immutable, Alias("armada.request.unbind-master")]
    public sealed record UnbindMaster : RobotRequest;

    /// <summary>Take the lease for a program; its epoch is in the snapshot after.</summary>
    /// <param name="Name">The program's name, unique among those connected to the robot.</param>
    /// <param name="Takeover">Take the place of another master.</param>
    /// <param name="Holder">Who stands behind the name, where that is no connected party; another's program of that name is another master.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.attach-remote")]
    public sealed record AttachRemote([Id(0)] string Name, [Id(1)] bool Takeover, [Id(2)] string? Holder = null) : RobotRequest;

    /// <summary>The connected party that holds the lease gives it back; no other's lease is touched.</summary>
    /// <param name="Name">The party's name.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.detach-remote")]
    public sealed record DetachRemote([Id(0)] string Name) : RobotRequest;

    /// <summary>The program that holds the lease still lives.</summary>
    /// <param name="Name">The program's name.</param>
    /// <param name="Epoch">The epoch it was given.</param>
    /// <param name="Holder">Who stands behind the name, as when it attached.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.renew-lease")]
    public sealed record RenewLease([Id(0)] string Name, [Id(1)] uint Epoch, [Id(2)] string? Holder = null) : RobotRequest;

    /// <summary>A command of the program that holds the lease; also a sign of life.</summary>
    /// <param name="Name">The program's name.</param>
    /// <param name="Epoch">The epoch it was given.</param>
    /// <param name="Command">Where the joints are to go.</param>
    /// <param name="Holder">Who stands behind the name, as when it attached.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.remote-command")]
    public sealed record RemoteCommand(
        [Id(0)] string Name,
        [Id(1)] uint Epoch,
        [Id(2)] JointCommand Command,
        [Id(3)] string? Holder = null) : RobotRequest;

    /// <summary>Play a motion as master, from its beginning.</summary>
    /// <param name="Motion">What to play.</param>
    /// <param name="Loop">Begin again at the end.</param>
    /// <param name="Takeover">Take the place of another master.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.play")]
    public sealed record Play([Id(0)] IMotion Motion, [Id(1)] bool Loop, [Id(2)] bool Takeover) : RobotRequest;

    /// <summary>Change how the motion that is master goes on; what is null stays.</summary>
    /// <param name="Paused">Whether it stands still.</param>
    /// <param name="Position">Where it goes on.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.control-playback")]
    public sealed record ControlPlayback([Id(0)] bool? Paused, [Id(1)] TimeSpan? Position) : RobotRequest;

    /// <summary>A command from the operator's panel. Refused while a master's lease lives.</summary>
    /// <param name="Command">Where the joints are to go.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.manual")]
    public sealed record Manual([Id(0)] JointCommand Command) : RobotRequest;

    /// <summary>Bind a slave, or change one's offsets, names or address.</summary>
    /// <param name="Slave">The slave; it may be offline.</param>
    /// <param name="Takeover">Take the device from another robot.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.bind-slave")]
    public sealed record BindSlave([Id(0)] SlaveBinding Slave, [Id(1)] bool Takeover) : RobotRequest
    {
        /// <summary>Bind a device as slave.</summary>
        public BindSlave(string device, bool takeover) : this(new SlaveBinding(device), takeover)
        {
        }
    }

    /// <summary>Unbind a slave.</summary>
    /// <param name="Name">The slave's name.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.unbind-slave")]
    public sealed record UnbindSlave([Id(0)] string Name) : RobotRequest;

    /// <summary>A connected party executes commands from now on: a guest, or a bound WebSocket or remote slave of that name.</summary>
    /// <param name="Name">The party's name.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.join-slave")]
    public sealed record JoinSlave([Id(0)] string Name) : RobotRequest;

    /// <summary>A connected party executes no more commands: a guest is forgotten, a bound slave has failed; a remote one that never joined also.</summary>
    /// <param name="Name">The party's name.</param>
    /// <param name="Reason">Why, in words.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.leave-slave")]
    public sealed record LeaveSlave([Id(0)] string Name, [Id(1)] string Reason) : RobotRequest;

    /// <summary>A joined slave keeps up again, or does not.</summary>
    /// <param name="Name">The slave's name.</param>
    /// <param name="Lagging">Whether what it was sent waits.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.slave-pace")]
    public sealed record SlavePace([Id(0)] string Name, [Id(1)] bool Lagging) : RobotRequest;

    /// <summary>A joined slave says where its joints are.</summary>
    /// <param name="Name">The slave's name.</param>
    /// <param name="Joints">Real positions as the slave reads them, by its own joint names.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.slave-report")]
    public sealed record SlaveReport([Id(0)] string Name, [Id(1)] ImmutableArray<JointReading> Joints) : RobotRequest;

    /// <summary>Latch the robot's stop.</summary>
    [GenerateSerializer, Immutable, Alias("armada.request.stop")]
    public sealed record Stop : RobotRequest;

    /// <summary>Release the robot's stop.</summary>
    [GenerateSerializer, Immutable, Alias("armada.request.reset")]
    public sealed record Reset : RobotRequest;

    /// <summary>Follow the fleet's stop, which is latched apart from the robot's own.</summary>
    /// <param name="Stopped">Latched or released.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.fleet-stop")]
    public sealed record FleetStop([Id(0)] bool Stopped) : RobotRequest;

    /// <summary>Change joints and limits.</summary>
    /// <param name="Model">The new model.</param>
    /// <param name="IfVersion">The document's version that the change was made for, or null for any.</param>
    [GenerateSerializer, Immutable, Alias("armada.request.configure")]
    public sealed record Configure([Id(0)] RobotModel Model, [Id(1)] long? IfVersion = null) : RobotRequest;
}

/// <summary>Where one joint of a slave is.</summary>
/// <param name="Joint">The slave's name of it.</param>
/// <param name="Value">Position, joint units.</param>
[GenerateSerializer, Immutable, Alias("armada.joint.reading")]
public readonly record struct JointReading([Id(0)] string Joint, [Id(1)] double Value);

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

    /// <summary>A manual command, while a master is attached; its name is in the text.</summary>
    PanelLocked,

    /// <summary>A command, heartbeat or detach of one that does not hold the lease; who does is in the text.</summary>
    NotMaster,

    /// <summary>A stop is latched; which is in the text.</summary>
    Stopped,

    /// <summary>No motion is master, so none can be steered.</summary>
    NothingPlays,

    /// <summary>The name is another slave's or party's of this robot.</summary>
    NameTaken,

    /// <summary>The robot was changed since; its version is in the text.</summary>
    VersionChanged,

    /// <summary>A value is out of range; which is in the text.</summary>
    Invalid,

    /// <summary>The state could not be made durable; nothing was changed.</summary>
    NotStored,

    /// <summary>The robot's process cannot be reached now; whether the request was done is not known.</summary>
    Unreachable,
}

/// <summary>A refusal that a person can act on.</summary>
/// <param name="Reason">For programs.</param>
/// <param name="Text">For people: what is in the way and what to do.</param>
[GenerateSerializer, Immutable, Alias("armada.refusal")]
public sealed record Refusal([Id(0)] RefusalReason Reason, [Id(1)] string Text);
