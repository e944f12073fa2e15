using System.Collections.Immutable;
using Armada.Core.Motions;
using Armada.Core.Robots;

namespace Armada.Grains.Wire;

/// <summary>The form in which a <see cref="SequenceCommand"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.sequence.command")]
internal struct SequenceCommandSurrogate
{
    [Id(0)] public TimeSpan At;
    [Id(1)] public ImmutableArray<JointGoal> Goals;
    [Id(2)] public TimeSpan? Duration;
    [Id(3)] public string? Metadata;
}

/// <summary>From a <see cref="SequenceCommand"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class SequenceCommandConverter : IConverter<SequenceCommand, SequenceCommandSurrogate>
{
    /// <inheritdoc/>
    public SequenceCommand ConvertFromSurrogate(in SequenceCommandSurrogate surrogate) => new(
        surrogate.At, surrogate.Goals, surrogate.Duration, surrogate.Metadata);

    /// <inheritdoc/>
    public SequenceCommandSurrogate ConvertToSurrogate(in SequenceCommand value) => new()
    {
        At = value.At,
        Goals = value.Goals,
        Duration = value.Duration,
        Metadata = value.Metadata,
    };
}

/// <summary>The form in which a <see cref="Sequence"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.sequence")]
internal struct SequenceSurrogate
{
    [Id(0)] public string Id;
    [Id(1)] public string Name;
    [Id(2)] public ImmutableArray<SequenceCommand> Commands;
    [Id(3)] public bool Loop;
    [Id(4)] public TimeSpan TotalDuration;
}

/// <summary>From a <see cref="Sequence"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class SequenceConverter : IConverter<Sequence, SequenceSurrogate>
{
    /// <inheritdoc/>
    public Sequence ConvertFromSurrogate(in SequenceSurrogate surrogate) => new(
        surrogate.Id, surrogate.Name, surrogate.Commands, surrogate.Loop, surrogate.TotalDuration);

    /// <inheritdoc/>
    public SequenceSurrogate ConvertToSurrogate(in Sequence value) => new()
    {
        Id = value.Id,
        Name = value.Name,
        Commands = value.Commands,
        Loop = value.Loop,
        TotalDuration = value.TotalDuration,
    };
}

/// <summary>The form in which a <see cref="SequenceMotion"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.sequence.motion")]
internal struct SequenceMotionSurrogate
{
    [Id(0)] public Sequence Sequence;
}

/// <summary>From a <see cref="SequenceMotion"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class SequenceMotionConverter : IConverter<SequenceMotion, SequenceMotionSurrogate>
{
    /// <inheritdoc/>
    public SequenceMotion ConvertFromSurrogate(in SequenceMotionSurrogate surrogate) => new(surrogate.Sequence);

    /// <inheritdoc/>
    public SequenceMotionSurrogate ConvertToSurrogate(in SequenceMotion value) => new() { Sequence = value.Sequence };
}
