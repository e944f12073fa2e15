using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Core.Engine;

/// <summary>All robots of a fleet, each running its core one turn at a time: the port that both engines fill.</summary>
/// <remarks>
/// An engine keeps each device with one robot in one role, makes a <see cref="Effect.Persist"/> durable before the effects after it,
/// and answers when all effects of the turn are done and every party that is connected through this object was told of them. A stop
/// waits for the turn under way at most, never for those that wait. Members may be called from any thread. The robot may be in another
/// process: what is given and answered are values, and a party stays where it is and is told from there.
/// </remarks>
public interface IRobotEngine
{
    /// <summary>Makes a robot. Asked again with the same content it succeeds again; with another it is refused.</summary>
    ValueTask<RobotReply> CreateAsync(string id, RobotModel model, RoomName? room, CancellationToken cancellation);

    /// <summary>One robot now, or null where there is none.</summary>
    ValueTask<RobotSnapshot?> GetAsync(string id, CancellationToken cancellation);

    /// <summary>Every robot now, ordered by id.</summary>
    ValueTask<IReadOnlyList<RobotSnapshot>> ListAsync(CancellationToken cancellation);

    /// <summary>Unbinds a robot's devices and removes it. Refused where there is none.</summary>
    ValueTask<RobotReply> DeleteAsync(string id, CancellationToken cancellation);

    /// <summary>Asks something of one robot. A fleet stop is asked of all with <see cref="SetFleetStopAsync"/>.</summary>
    ValueTask<RobotReply> ApplyAsync(string id, RobotRequest request, CancellationToken cancellation);

    /// <summary>
    /// Connects a party to a robot; from then on it may attach as a master or join as a slave under its name, and it is told what
    /// happens. Refused where the robot is not there or another party has the name. Canceled, it may be connected all the same: let
    /// it leave.
    /// </summary>
    ValueTask<RobotReply> ConnectAsync(string id, IRobotSession party, CancellationToken cancellation);

    /// <summary>Disconnects a party: its lease ends, and as a slave it leaves. Nothing where it is not connected.</summary>
    ValueTask DisconnectAsync(string id, IRobotSession party, string reason);

    /// <summary>Latches or releases the fleet's stop; every robot has taken it when this ends.</summary>
    ValueTask<Refusal?> SetFleetStopAsync(bool stopped, CancellationToken cancellation);

    /// <summary>Whether the fleet's stop is latched.</summary>
    ValueTask<bool> IsFleetStoppedAsync(CancellationToken cancellation);
}

/// <summary>One that is connected to a robot: a socket, or a link to another service.</summary>
/// <remarks>
/// Members are called one at a time, in the order in which things happened, inside the robot's turn where that is in the same
/// process: they copy what they are given, return at once and never throw. One that throws is disconnected.
/// </remarks>
public interface IRobotSession
{
    /// <summary>Its name, unique among the robot's slaves and parties.</summary>
    string Name { get; }

    /// <summary>The next command for it as a slave; some may be left out, and none is older than the one before.</summary>
    /// <param name="stamp">Epoch, sequence among its commands, the master's capture time.</param>
    /// <param name="positions">One position per joint, offsets added; NaN where nothing is commanded.</param>
    void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions);

    /// <summary>Something happened to the robot, its master or a slave.</summary>
    void OnEvent(RobotEvent note);

    /// <summary>It is disconnected: the robot is gone or was lost from sight, or its slave was unbound. No more is told.</summary>
    void OnGone(string reason);
}

/// <summary>A robot's answer.</summary>
/// <param name="Refused">Why nothing was done, or null.</param>
/// <param name="Robot">The robot after the turn; null where there is none.</param>
[GenerateSerializer, Immutable, Alias("armada.robot.reply")]
public sealed record RobotReply([Id(0)] Refusal? Refused, [Id(1)] RobotSnapshot? Robot);
