using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Armada.Silo.Access.Keys;

/// <summary>The text of a key, <c>armada_&lt;id&gt;_&lt;secret&gt;</c>: how it is made, taken apart and compared.</summary>
internal static class KeySecret
{
    public const int HashBytes = SHA256.HashSizeInBytes;

    private const string Prefix = "armada_";
    private const int IdBytes = 6;
    private const int IdLength = 2 * IdBytes;
    private const int SecretAt = 7 + IdLength + 1; // After the prefix, the id and a '_'.
    private const int SecretBytes = 32; // 256 bits, beyond any guessing.
    private const int LongestText = 128;

    public static (string Id, string Text, byte[] Hash) Make()
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes));
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        return (id, $"{Prefix}{id}_{secret}", Hash(secret));
    }

    /// <summary>Whether a text is meant as a key, rather than as a token.</summary>
    public static bool IsKey(string text) => text.StartsWith(Prefix, StringComparison.Ordinal);

    public static bool IsId(string text) => text.Length == IdLength && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Takes a key's text apart; false where it is none, or its secret is shorter than it must be.</summary>
    public static bool TryRead(string text, out string id, out byte[] hash, int minSecretLength = 1)
    {
        (id, hash) = ("", []);
        if (!IsKey(text) || text.Length is > LongestText || text.Length < SecretAt + minSecretLength || text[SecretAt - 1] != '_')
            return false;
        id = text[Prefix.Length..(SecretAt - 1)];
        hash = Hash(text[SecretAt..]);
        return true;
    }

    /// <summary>Compares in a time that does not tell how much is right.</summary>
    public static bool IsSame(byte[] hash, byte[] other) => CryptographicOperations.FixedTimeEquals(hash, other);

    private static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
