using System.Collections.Immutable;

namespace Armada.Core.Robots;

/// <summary>Where one joint is to go.</summary>
/// <param name="Joint">Its name, LeRobot's or Arena's.</param>
/// <param name="Value">Position, joint units; clamped to the joint's limits.</param>
/// <param name="Speed">Fastest motion, units per second, above 0; null for the joint's own limit, which no speed exceeds.</param>
[GenerateSerializer, Immutable, Alias("armada.joint.goal")]
public sealed record JointGoal([Id(0)] string Joint, [Id(1)] double Value, [Id(2)] double? Speed = null);

/// <summary>Where some joints of a robot are to go; the others keep their goals.</summary>
/// <param name="Goals">1 to 32 goals, one a joint.</param>
/// <param name="Duration">Time to take for it, up to an hour; null for as fast as speeds and limits let it.</param>
[GenerateSerializer, Immutable, Alias("armada.joint.command")]
public sealed record JointCommand([Id(0)] ImmutableArray<JointGoal> Goals, [Id(1)] TimeSpan? Duration = null);
