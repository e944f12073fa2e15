using System.Collections.Immutable;
using Armada.Core.Robots;

namespace Armada.Grains.Wire;

/// <summary>The form in which a <see cref="JointGoal"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.joint.goal")]
internal struct JointGoalSurrogate
{
    [Id(0)] public string Joint;
    [Id(1)] public double Value;
    [Id(2)] public double? Speed;
}

/// <summary>From a <see cref="JointGoal"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class JointGoalConverter : IConverter<JointGoal, JointGoalSurrogate>
{
    /// <inheritdoc/>
    public JointGoal ConvertFromSurrogate(in JointGoalSurrogate surrogate) => new(surrogate.Joint, surrogate.Value, surrogate.Speed);

    /// <inheritdoc/>
    public JointGoalSurrogate ConvertToSurrogate(in JointGoal value) => new()
    {
        Joint = value.Joint,
        Value = value.Value,
        Speed = value.Speed,
    };
}

/// <summary>The form in which a <see cref="JointCommand"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.joint.command")]
internal struct JointCommandSurrogate
{
    [Id(0)] public ImmutableArray<JointGoal> Goals;
    [Id(1)] public TimeSpan? Duration;
}

/// <summary>From a <see cref="JointCommand"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class JointCommandConverter : IConverter<JointCommand, JointCommandSurrogate>
{
    /// <inheritdoc/>
    public JointCommand ConvertFromSurrogate(in JointCommandSurrogate surrogate) => new(surrogate.Goals, surrogate.Duration);

    /// <inheritdoc/>
    public JointCommandSurrogate ConvertToSurrogate(in JointCommand value) => new() { Goals = value.Goals, Duration = value.Duration };
}
