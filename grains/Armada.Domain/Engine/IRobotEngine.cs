using Armada.Domain.Robots;

namespace Armada.Domain.Engine;

/// <summary>All robots of a fleet, each running its core one turn at a time: the port that both engines fill.</summary>
/// <remarks>
/// An engine keeps each device with one robot in one role, makes a <see cref="Effect.Persist"/> durable before the effects after it,
/// and answers when all effects of the turn are done. Members may be called from any thread.
/// </remarks>
public interface IRobotEngine
{
    /// <summary>Makes a robot. Asked again with the same content it succeeds again; with another it is refused.</summary>
    ValueTask<RobotReply> CreateAsync(string id, RobotModel model, CancellationToken cancellation);

    /// <summary>One robot now, or null where there is none.</summary>
    ValueTask<RobotSnapshot?> GetAsync(string id, CancellationToken cancellation);

    /// <summary>Every robot now, ordered by id.</summary>
    ValueTask<IReadOnlyList<RobotSnapshot>> ListAsync(CancellationToken cancellation);

    /// <summary>Unbinds a robot's devices and removes it. Refused where there is none.</summary>
    ValueTask<RobotReply> DeleteAsync(string id, CancellationToken cancellation);

    /// <summary>Asks something of one robot. A fleet stop is asked of all with <see cref="SetFleetStopAsync"/>.</summary>
    ValueTask<RobotReply> ApplyAsync(string id, RobotRequest request, CancellationToken cancellation);

    /// <summary>Latches or releases the fleet's stop; every robot has taken it when this ends.</summary>
    ValueTask<Refusal?> SetFleetStopAsync(bool stopped, CancellationToken cancellation);

    /// <summary>Whether the fleet's stop is latched.</summary>
    ValueTask<bool> IsFleetStoppedAsync(CancellationToken cancellation);
}

/// <summary>A robot's answer.</summary>
/// <param name="Refused">Why nothing was done, or null.</param>
/// <param name="Robot">The robot after the turn; null where there is none.</param>
public sealed record RobotReply(Refusal? Refused, RobotSnapshot? Robot);
