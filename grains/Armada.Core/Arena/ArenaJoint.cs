namespace Armada.Core.Arena;

/// <summary>Where one joint is to go.</summary>
/// <param name="Name">Its name, 1 to <see cref="ArenaReader.MaxNameLength"/> characters.</param>
/// <param name="Value">Position, finite, joint units.</param>
/// <param name="Speed">Units per second, above 0; or null.</param>
public readonly record struct ArenaGoal(string Name, double Value, double? Speed = null);

/// <summary>Where one joint is.</summary>
/// <param name="Name">Its name, 1 to <see cref="ArenaReader.MaxNameLength"/> characters.</param>
/// <param name="Virtual">Where it should be by the sender's model, joint units; or null.</param>
/// <param name="Real">Where the hardware says it is, joint units; or null.</param>
public readonly record struct ArenaReading(string Name, double? Virtual, double? Real);

/// <summary>One joint as an answer to a status request tells it.</summary>
/// <param name="ServoId">Id of its servo.</param>
/// <param name="Continuous">Whether it turns without stops.</param>
/// <param name="Virtual">Where the virtual robot is, joint units.</param>
/// <param name="Real">Where the hardware is, joint units; or null.</param>
public readonly record struct ArenaJointState(int ServoId, bool Continuous, double Virtual, double? Real);
