using System.Buffers;
using System.Text;

namespace Armada.Core.Topics;

/// <summary>
/// The name of a device or robot: at once client id, topic level and thing name, so only what is safe in all three is allowed: 1 to 64
/// of a–z, A–Z, 0–9, '-' and '_', beginning with a letter or digit.
/// </summary>
public static class DeviceName
{
    public const int MaxLength = 64;

    /// <summary>What the client id of a device's second path has behind the name.</summary>
    public const string SecondPath = "~2";

    public static bool IsValid(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > MaxLength || !char.IsAsciiLetterOrDigit(text[0]))
            return false;
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
                return false;
        }

        return true;
    }

    public static bool IsValid(ReadOnlySpan<byte> utf8)
    {
        Span<char> text = stackalloc char[MaxLength];
        return utf8.Length <= MaxLength
            && Ascii.ToUtf16(utf8, text, out var length) == OperationStatus.Done
            && IsValid(text[..length]);
    }
}
