using Armada.Core.Motions;

namespace Armada.Grains.Wire;

/// <summary>The form in which a <see cref="KeptSequence"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.sequence.kept")]
internal struct KeptSequenceSurrogate
{
    [Id(0)] public Sequence Sequence;
    [Id(1)] public long Version;
    [Id(2)] public bool IsBuiltIn;
}

/// <summary>From a <see cref="KeptSequence"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class KeptSequenceConverter : IConverter<KeptSequence, KeptSequenceSurrogate>
{
    /// <inheritdoc/>
    public KeptSequence ConvertFromSurrogate(in KeptSequenceSurrogate surrogate) => new(surrogate.Sequence, surrogate.Version, surrogate.IsBuiltIn);

    /// <inheritdoc/>
    public KeptSequenceSurrogate ConvertToSurrogate(in KeptSequence value) => new()
    {
        Sequence = value.Sequence,
        Version = value.Version,
        IsBuiltIn = value.IsBuiltIn,
    };
}

/// <summary>The form in which an <see cref="ExpectedVersion"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.sequence.expected")]
internal struct ExpectedVersionSurrogate
{
    [Id(0)] public long? Version;
}

/// <summary>From an <see cref="ExpectedVersion"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class ExpectedVersionConverter : IConverter<ExpectedVersion, ExpectedVersionSurrogate>
{
    /// <inheritdoc/>
    public ExpectedVersion ConvertFromSurrogate(in ExpectedVersionSurrogate surrogate) => new(surrogate.Version);

    /// <inheritdoc/>
    public ExpectedVersionSurrogate ConvertToSurrogate(in ExpectedVersion value) => new() { Version = value.Version };
}

/// <summary>The form in which a <see cref="SequenceAnswer"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.sequence.answer")]
internal struct SequenceAnswerSurrogate
{
    [Id(0)] public SequenceRefusal? Refused;
    [Id(1)] public KeptSequence? Kept;
    [Id(2)] public string? Text;
}

/// <summary>From a <see cref="SequenceAnswer"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class SequenceAnswerConverter : IConverter<SequenceAnswer, SequenceAnswerSurrogate>
{
    /// <inheritdoc/>
    public SequenceAnswer ConvertFromSurrogate(in SequenceAnswerSurrogate surrogate) => new(surrogate.Refused, surrogate.Kept, surrogate.Text);

    /// <inheritdoc/>
    public SequenceAnswerSurrogate ConvertToSurrogate(in SequenceAnswer value) => new()
    {
        Refused = value.Refused,
        Kept = value.Kept,
        Text = value.Text,
    };
}
