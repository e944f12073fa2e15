using Armada.Core.Robots;
using Armada.Core.Routing;

namespace Armada.Core.Engine;

/// <summary>All robots of a fleet, in this process or another, each running its core one turn at a time.</summary>
/// <remarks>
/// Keeps each device with one robot in one role, makes a <see cref="Effect.Persist"/> durable before the effects after it, and answers
/// when the effects of the turn are done and the sessions connected here were notified. A stop waits for the turn under way at most,
/// never for those that wait. Members may be called from any thread.
/// </remarks>
public interface IRobotEngine
{
    /// <summary>Repeated with the same content it succeeds again; with another it is refused.</summary>
    ValueTask<RobotReply> CreateAsync(string id, RobotModel model, RoomName? room, CancellationToken cancellation);

    /// <summary>Null where there is none.</summary>
    ValueTask<RobotSnapshot?> GetAsync(string id, CancellationToken cancellation);

    /// <summary>Ordered by id.</summary>
    ValueTask<IReadOnlyList<RobotSnapshot>> ListAsync(CancellationToken cancellation);

    /// <summary>Unbinds a robot's devices and removes it. Refused where there is none.</summary>
    ValueTask<RobotReply> DeleteAsync(string id, CancellationToken cancellation);

    /// <summary>A fleet stop goes to all robots, by <see cref="SetFleetStopAsync"/>.</summary>
    ValueTask<RobotReply> ApplyAsync(string id, RobotRequest request, CancellationToken cancellation);

    /// <summary>
    /// Connects a session, which may then attach as a master or join as a slave under its name. Refused where the robot does not exist
    /// or another session has the name. If canceled, it may be connected all the same: disconnect it.
    /// </summary>
    ValueTask<RobotReply> ConnectAsync(string id, IRobotSession party, CancellationToken cancellation);

    /// <summary>Ends the lease of a session and removes its slave; does nothing where it is not connected.</summary>
    ValueTask DisconnectAsync(string id, IRobotSession party, string reason);

    /// <summary>Latches or releases the fleet's stop; every robot has taken it when this ends.</summary>
    ValueTask<Refusal?> SetFleetStopAsync(bool stopped, CancellationToken cancellation);

    ValueTask<bool> IsFleetStoppedAsync(CancellationToken cancellation);
}

/// <summary>A connection to a robot: a socket, or a link to another service.</summary>
/// <remarks>
/// Members are called one at a time, in the order in which things happened, inside the robot's turn where that is in the same
/// process: they copy what they are given, return at once and never throw. One that throws is disconnected.
/// </remarks>
public interface IRobotSession
{
    /// <summary>Unique among the robot's slaves and sessions.</summary>
    string Name { get; }

    /// <summary>The next command for it as a slave; some may be left out, and none is older than the one before.</summary>
    /// <param name="stamp">Epoch, sequence among its commands, the master's capture time.</param>
    /// <param name="positions">One position per joint, offsets added; NaN where nothing is commanded.</param>
    void OnCommand(in SampleStamp stamp, ReadOnlySpan<double> positions);

    void OnEvent(RobotEvent note);

    /// <summary>It was disconnected: the robot is gone or unreachable, or its slave was unbound. The last call.</summary>
    void OnGone(string reason);
}

/// <param name="Refused">Why nothing was done, or null.</param>
/// <param name="Robot">The robot after the turn; null where there is none.</param>
[GenerateSerializer, Immutable, Alias("armada.robot.reply")]
public sealed record RobotReply([Id(0)] Refusal? Refused, [Id(1)] RobotSnapshot? Robot);

public interface IEngineHealth
{
    /// <summary>Returns at once.</summary>
    EngineHealth Now { get; }
}

/// <param name="Loaded">Whether it knows its robots.</param>
/// <param name="Silos">Of a cluster, how many silos are active as this one sees it; null where there is no cluster.</param>
public sealed record EngineHealth(bool Loaded, int? Silos = null);

/// <summary>The engine or a robot cannot be reached now; the message says which and what to do. A reply says the same by its refusal.</summary>
public sealed class EngineUnreachableException(string message, Exception? cause = null) : Exception(message, cause);
