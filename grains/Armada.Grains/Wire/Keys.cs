using System.Collections.Immutable;
using Armada.Core.Access;

namespace Armada.Grains.Wire;

/// <summary>The form in which a <see cref="KeyDocument"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.key.document")]
internal struct KeyDocumentSurrogate
{
    [Id(0)] public string Id;
    [Id(1)] public string Content;
}

/// <summary>From a <see cref="KeyDocument"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class KeyDocumentConverter : IConverter<KeyDocument, KeyDocumentSurrogate>
{
    /// <inheritdoc/>
    public KeyDocument ConvertFromSurrogate(in KeyDocumentSurrogate surrogate) => new(surrogate.Id, surrogate.Content);

    /// <inheritdoc/>
    public KeyDocumentSurrogate ConvertToSurrogate(in KeyDocument value) => new() { Id = value.Id, Content = value.Content };
}

/// <summary>The form in which a <see cref="KeySet"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.key.roll")]
internal struct KeySetSurrogate
{
    [Id(0)] public long Version;
    [Id(1)] public ImmutableArray<KeyDocument> Keys;
    [Id(2)] public ImmutableArray<string> Forgotten;
    [Id(3)] public bool WasUsed;
}

/// <summary>From a <see cref="KeySet"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class KeySetConverter : IConverter<KeySet, KeySetSurrogate>
{
    /// <inheritdoc/>
    public KeySet ConvertFromSurrogate(in KeySetSurrogate surrogate) => new(
        surrogate.Version, surrogate.Keys, surrogate.Forgotten, surrogate.WasUsed);

    /// <inheritdoc/>
    public KeySetSurrogate ConvertToSurrogate(in KeySet value) => new()
    {
        Version = value.Version,
        Keys = value.Keys,
        Forgotten = value.Forgotten,
        WasUsed = value.WasUsed,
    };
}

/// <summary>The form in which a <see cref="KeyWrite"/> crosses processes, member for member.</summary>
[GenerateSerializer, Immutable, Alias("armada.wire.key.write")]
internal struct KeyWriteSurrogate
{
    [Id(0)] public long? Version;
    [Id(1)] public string? Failure;
}

/// <summary>From a <see cref="KeyWrite"/> to its form and back.</summary>
[RegisterConverter]
internal sealed class KeyWriteConverter : IConverter<KeyWrite, KeyWriteSurrogate>
{
    /// <inheritdoc/>
    public KeyWrite ConvertFromSurrogate(in KeyWriteSurrogate surrogate) => new(surrogate.Version, surrogate.Failure);

    /// <inheritdoc/>
    public KeyWriteSurrogate ConvertToSurrogate(in KeyWrite value) => new() { Version = value.Version, Failure = value.Failure };
}
