using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Grains.Fleet;
using Orleans.Concurrency;

namespace Armada.Grains.Robots;

/// <summary>One robot; its key is the robot's id. It lives in one silo at a time, which owns the subscriptions to its devices.</summary>
/// <remarks>
/// A door is one process's way to all robots; it has an id of its own in each life of that process. What a door's parties are to be
/// told waits here, numbered, until the door has taken it; every answer says up to which number it was before the answer.
/// </remarks>
[GrainInterfaceType("armada.robot"), Alias("armada.robot")]
public interface IRobotGrain : IGrainWithStringKey
{
    /// <summary>Makes the robot. Asked again with the same content it succeeds again; with another it is refused.</summary>
    [Alias("create")]
    Task<DoorReply> CreateAsync(string door, RobotModel model, RoomName? room);

    /// <summary>Unbinds the robot's devices and removes it.</summary>
    [Alias("delete")]
    Task<DoorReply> DeleteAsync(string door);

    /// <summary>The robot now, or null where there is none.</summary>
    [Alias("look"), AlwaysInterleave]
    Task<RobotSnapshot?> LookAsync();

    /// <summary>Asks anything but a stop or the binding of a device.</summary>
    [Alias("ask")]
    Task<DoorReply> AskAsync(string door, RobotRequest request);

    /// <summary>Asks in the name of a device's grain, which must not wait for a request that waits for it.</summary>
    [Alias("ask-for-device"), AlwaysInterleave]
    Task<DoorReply> AskForDeviceAsync(string door, RobotRequest request);

    /// <summary>Whether a binding would be refused as things stand.</summary>
    [Alias("check"), AlwaysInterleave]
    Task<RobotReply> CheckAsync(RobotRequest request);

    /// <summary>Latches the robot's stop, before everything that waits.</summary>
    [Alias("stop"), AlwaysInterleave]
    Task<DoorReply> StopAsync(string door);

    /// <summary>Follows the fleet's stop; one that is older than what the robot knows changes nothing.</summary>
    [Alias("follow-fleet"), AlwaysInterleave]
    Task<Told?> FollowFleetAsync(string door, FleetLatch latch);

    /// <summary>Connects a party of a door; refused where its name is taken.</summary>
    /// <param name="door">The door.</param>
    /// <param name="party">The party's number, unique at the door.</param>
    /// <param name="name">The party's name.</param>
    [Alias("enter")]
    Task<DoorReply> EnterAsync(string door, long party, string name);

    /// <summary>Disconnects a party. Nothing where it is not connected.</summary>
    [Alias("leave")]
    Task<DoorReply> LeaveAsync(string door, long party, string reason);

    /// <summary>Waits for what a door's parties are to be told; a second at most.</summary>
    /// <param name="door">The door.</param>
    /// <param name="life">The life of the grain in which the parties entered.</param>
    /// <param name="after">The number up to which the door has taken everything.</param>
    [Alias("listen"), AlwaysInterleave]
    Task<Tellings> ListenAsync(string door, long life, long after);

    /// <summary>State frames of one of the robot's devices, from an agent that reaches the cluster itself.</summary>
    /// <param name="device">Device name.</param>
    /// <param name="frames">One or more state frames, as on the device's state topic.</param>
    /// <returns>False where the device is none of the robot's, so that the agent asks its grain again.</returns>
    [Alias("take-state"), AlwaysInterleave]
    Task<bool> TakeStateAsync(string device, ReadOnlyMemory<byte> frames);

    /// <summary>Makes sure that the robot runs somewhere; after a silo was lost this is what brings it back.</summary>
    [Alias("wake"), AlwaysInterleave]
    Task WakeAsync();

    /// <summary>Moves the robot to another silo, because this one is about to end.</summary>
    [Alias("hand-over"), AlwaysInterleave]
    Task HandOverAsync(SiloAddress to);
}
