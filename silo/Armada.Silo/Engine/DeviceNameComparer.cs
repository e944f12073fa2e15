using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Armada.Silo.Engine;

/// <summary>Compares device names, which are ASCII, as text and as the bytes of a topic.</summary>
internal sealed class DeviceNameComparer : IEqualityComparer<string>, IAlternateEqualityComparer<ReadOnlySpan<byte>, string>
{
    private const uint FnvOffset = 2166136261; // 32-bit FNV-1a
    private const uint FnvPrime = 16777619;

    /// <summary>The only one there is.</summary>
    public static DeviceNameComparer Instance { get; } = new();

    /// <inheritdoc/>
    public bool Equals(string? x, string? y) => string.Equals(x, y, StringComparison.Ordinal);

    /// <inheritdoc/>
    public int GetHashCode([DisallowNull] string obj)
    {
        var hash = FnvOffset;
        foreach (var letter in obj)
            hash = (hash ^ (byte)letter) * FnvPrime;
        return (int)hash;
    }

    /// <inheritdoc/>
    public bool Equals(ReadOnlySpan<byte> alternate, string other) => Ascii.Equals(alternate, other);

    /// <inheritdoc/>
    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = FnvOffset;
        foreach (var letter in alternate)
            hash = (hash ^ letter) * FnvPrime;
        return (int)hash;
    }

    /// <inheritdoc/>
    public string Create(ReadOnlySpan<byte> alternate) => Encoding.ASCII.GetString(alternate);
}
