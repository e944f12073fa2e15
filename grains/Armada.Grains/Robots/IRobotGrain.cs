using System.Collections.Immutable;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Grains.Fleet;

namespace Armada.Grains.Robots;

/// <summary>One robot; its key is the robot's id. It runs in one silo at a time.</summary>
/// <remarks>
/// Calls interleave: the robot's runtime queues them, stops first. Who calls gives the observer of its process; every answer comes after
/// all that happened before it was delivered to that observer.
/// </remarks>
[GrainInterfaceType("armada.robot"), Alias("armada.robot")]
public interface IRobotGrain : IGrainWithStringKey
{
    /// <summary>Makes the robot. Asked again with the same content it succeeds again; with another it is refused.</summary>
    [Alias("create")]
    Task<RobotReply> CreateAsync(IRobotObserver observer, RobotModel model, RoomName? room);

    /// <summary>Unbinds the robot's devices and removes it.</summary>
    [Alias("delete")]
    Task<RobotReply> DeleteAsync(IRobotObserver observer);

    /// <summary>The robot now, or null where there is none. Does not wait for what is queued.</summary>
    [Alias("read")]
    Task<RobotSnapshot?> ReadAsync();

    /// <summary>Asks anything but the binding of a device.</summary>
    [Alias("ask")]
    Task<RobotReply> AskAsync(IRobotObserver observer, RobotRequest request);

    /// <summary>Whether a binding would be refused as things stand.</summary>
    [Alias("check")]
    Task<RobotReply> CheckAsync(RobotRequest request);

    /// <summary>Takes over the fleet's stop or its release; one that is older than what the robot knows changes nothing.</summary>
    [Alias("set-fleet-stop")]
    Task SetFleetStopAsync(IRobotObserver observer, FleetLatch latch);

    /// <summary>Connects a session of the observer's process; refused where its name is taken.</summary>
    /// <param name="observer">The process.</param>
    /// <param name="session">The session's number, unique in its process.</param>
    /// <param name="name">The session's name.</param>
    [Alias("connect")]
    Task<RobotReply> ConnectAsync(IRobotObserver observer, long session, string name);

    /// <summary>Disconnects a session. Nothing where it is not connected.</summary>
    [Alias("disconnect")]
    Task DisconnectAsync(IRobotObserver observer, long session, string reason);

    /// <summary>The process is there, with these sessions and no others; due every second.</summary>
    /// <param name="observer">The process.</param>
    /// <param name="sessions">The numbers of its sessions at this robot, some of which may be connecting.</param>
    /// <param name="last">Sessions with a higher number are newer than this list.</param>
    /// <returns>Those that are not connected here, or no longer.</returns>
    [Alias("renew")]
    Task<ImmutableArray<long>> RenewAsync(IRobotObserver observer, ImmutableArray<long> sessions, long last);

    /// <summary>Makes sure that the robot runs somewhere; after a silo was lost this is what brings it back.</summary>
    [Alias("ensure-running")]
    Task EnsureRunningAsync();

    /// <summary>Moves the robot to another silo.</summary>
    [Alias("move")]
    Task MoveAsync(SiloAddress to);
}
