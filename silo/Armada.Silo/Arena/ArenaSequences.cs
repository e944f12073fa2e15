using System.Diagnostics.CodeAnalysis;
using Armada.Domain.Motions;
using Armada.Wire.Arena;

namespace Armada.Silo.Arena;

/// <summary>Motions from and to the protocol's form.</summary>
internal sealed class ArenaSequences
{
    /// <summary>A stored motion by its master's name, or null.</summary>
    public ValueTask<ArenaSequence?> FindAsync(string name) => throw new NotSupportedException(name);

    /// <summary>The motion of a message, where it keeps the rules of motions.</summary>
    public static bool TryConvert(
        ArenaSequence content, [NotNullWhen(true)] out IMotion? motion, [NotNullWhen(false)] out string? problem) =>
        throw new NotSupportedException(content.Name);
}
