using System.Collections.Immutable;

namespace Armada.Core.Arena;

/// <summary>A motion as it stands in a message; whether a robot can play it is not looked at here.</summary>
/// <param name="Id">Its id; may be empty.</param>
/// <param name="Name">Its name; may be empty.</param>
/// <param name="Commands">At most <see cref="ArenaReader.MaxCommands"/>.</param>
/// <param name="Loop">Whether it begins again at its end.</param>
/// <param name="TotalDuration">How long it lasts, or null where the sender does not say.</param>
public sealed record ArenaSequence(
    string Id, string Name, ImmutableArray<ArenaSequenceCommand> Commands, bool Loop, TimeSpan? TotalDuration);

/// <summary>One command of a motion.</summary>
/// <param name="At">When, from the motion's beginning.</param>
/// <param name="Joints">1 to <see cref="ArenaReader.MaxJoints"/>, each named once.</param>
/// <param name="Duration">Time to take for it, or null.</param>
public sealed record ArenaSequenceCommand(TimeSpan At, ImmutableArray<ArenaGoal> Joints, TimeSpan? Duration);
